#include "services/vault/upkeep/target_access.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/http/resolve.h"
#include "libs/outbox/audit_event.h"
#include "services/vault/domain/secret_opening.h"
#include "services/vault/store/secret_store.h"

namespace kasbah::vault {
namespace {

// Whoever set the database up could read its secret; whoever asks for a login need not.
const SecretUser kVaultItself{{"service/vault"}, true};

bool IsLoopback(const http::IpAddress& address) {
  static const http::Cidr& v4 = *new http::Cidr(*http::Cidr::Parse("127.0.0.0/8"));
  static const http::Cidr& v6 = *new http::Cidr(*http::Cidr::Parse("::1/128"));
  return v4.Contains(address) || v6.Contains(address);
}

}  // namespace

absl::StatusOr<KeyRing::Lease> TargetAccess::SecretsKey(const CallContext& call,
                                                        KeySource::TenantState state) {
  const KeyName name = SecretsKeyName();
  auto lease = ring_.Get(call, name, KeyPurpose::kEncrypt);
  if (state == KeySource::TenantState::kActive || !IsTenantRefused(lease.status())) return lease;
  // For this once: the ring keeps no key of a suspended or closed tenant.
  ASSIGN_OR_RETURN(const std::optional<StoredKey> stored, keys_.FindDue(call, name));
  if (!stored) return NotFound("key");
  return ring_.OpenOnce(call.tenant, *stored);
}

absl::StatusOr<crypto::SecretBytes> TargetAccess::OpenPassword(const CallContext& call,
                                                               KeySource::TenantState state,
                                                               const TargetDatabase& target,
                                                               Attributes attributes) {
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(target.admin_secret));
  ASSIGN_OR_RETURN(const KeyRing::Lease key, SecretsKey(call, state));
  const auto read = [&](postgres::Transaction& tx) -> absl::StatusOr<SealedVersion> {
    ASSIGN_OR_RETURN(SealedVersion found,
                     SecretStore::GetVersion(tx, call.tenant, ref, 0, kVaultItself).Await());
    RETURN_IF_ERROR(CheckLive(found.secret, clock_.Now()));
    RETURN_IF_ERROR(CheckReadable(found.version));
    Attributes all = attributes;
    all.emplace_back("version", std::to_string(found.version.version));
    all.emplace_back("database", target.name);
    RETURN_IF_ERROR(outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "secret.version.access",
                          {"secret", found.secret.id.ToString(), found.secret.path},
                          std::move(all))));
    return found;
  };
  ASSIGN_OR_RETURN(
      const SealedVersion row,
      state == KeySource::TenantState::kActive
          ? database_.WithTenant(call, read)
          : database_.WithTenantInAnyState(call, postgres::AnyStateToken::ForLifecycle(), read));
  return OpenStored(ring_, call, key, row.version, row.payload);
}

absl::StatusOr<std::unique_ptr<postgres::ForeignConnection>> TargetAccess::Connect(
    const CallContext& call, KeySource::TenantState state, const TargetDatabase& target,
    Attributes attributes, absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::vector<http::IpAddress> addresses,
                   http::Resolve(target.host, guard_));
  if (!target.verify_tls && !std::all_of(addresses.begin(), addresses.end(), IsLoopback)) {
    return Error(absl::StatusCode::kFailedPrecondition, "TLS_REQUIRED",
                 "tls may be off on loopback alone");
  }
  ASSIGN_OR_RETURN(const crypto::SecretBytes password,
                   OpenPassword(call, state, target, std::move(attributes)));
  postgres::ForeignDatabase foreign;
  foreign.host = target.host;
  for (const http::IpAddress& address : addresses) foreign.addresses.push_back(address.ToString());
  foreign.port = target.port;
  foreign.database = target.dbname;
  foreign.user = target.admin_user;
  foreign.verify_tls = target.verify_tls;
  foreign.ca = target.ca;
  foreign.application_name = "kasbah-vault";
  std::string_view text = password.view(crypto::SecretAccess::ForCaller());
  // As an editor or echo(1) leaves them.
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return postgres::ForeignConnection::Connect(foreign, text, deadline);
}

}  // namespace kasbah::vault
