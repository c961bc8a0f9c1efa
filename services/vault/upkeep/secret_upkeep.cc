#include "services/vault/upkeep/secret_upkeep.h"

#include <optional>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/vault/store/request_store.h"
#include "services/vault/store/secret_store.h"

namespace kasbah::vault {
namespace {

constexpr absl::Duration kRequestsKept = absl::Hours(24);

// Nobody's grants are asked: the secret's own settings are carried out.
const SecretUser kUpkeep{{"service/vault"}, true};

}  // namespace

absl::Time SecretUpkeep::RequestsKeptSince() const { return clock_.Now() - kRequestsKept; }

absl::Status SecretUpkeep::Do(const CallContext& call, const Due& due) {
  if (due.kind == Due::Kind::kRequests) {
    return database_.WithTenantUnaudited(
        call, postgres::UnauditedToken::ForIdempotency(), [&](postgres::Transaction& tx) {
          RequestStore::ForgetBefore(tx, due.tenant, RequestsKeptSince());
          return absl::OkStatus();
        });
  }
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return InTenant(due, tx, call); });
}

absl::Status SecretUpkeep::InTenant(const Due& due, postgres::Transaction& tx,
                                    const CallContext& call) {
  ASSIGN_OR_RETURN(
      GrantedSecret held,
      SecretStore::GetForUpdate(tx, due.tenant, SecretRef::Of(SecretId(due.id)), kUpkeep).Await());
  Secret& secret = held.secret;
  const absl::Time now = clock_.Now();
  switch (due.kind) {
    case Due::Kind::kExpiry:
      if (secret.deleted_at || !secret.expires_at || *secret.expires_at > now) break;
      secret.deleted_at = now;
      secret.purge_at = now + kUndeleteWindow;
      SecretStore::Save(tx, due.tenant, secret);
      return Append(tx, call, "secret.expire", secret);
    case Due::Kind::kRotation:
      if (secret.deleted_at || !secret.rotation || secret.rotation->next > now) break;
      return Rotate(secret, tx, call);
    case Due::Kind::kPurge:
      if (!secret.purge_at || *secret.purge_at > now) break;
      SecretStore::Purge(tx, due.tenant, secret.id);
      return Append(tx, call, "secret.purge", secret);
    case Due::Kind::kDestruction:
      return Destroy(due, secret, tx, call);
    case Due::Kind::kRequests:
    case Due::Kind::kKeyRotation:
    case Due::Kind::kKeyDestruction:
    case Due::Kind::kShares:
    case Due::Kind::kKeysWithoutKek:
      break;
  }
  // Somebody was faster, or thought better of it.
  return absl::OkStatus();
}

absl::Status SecretUpkeep::Destroy(const Due& due, const Secret& secret, postgres::Transaction& tx,
                                   const CallContext& call) {
  ASSIGN_OR_RETURN(
      SealedVersion found,
      SecretStore::GetVersion(tx, due.tenant, SecretRef::Of(SecretId(due.id)), due.version, kUpkeep)
          .Await());
  SecretVersion& version = found.version;
  if (version.destroyed_at || !version.destroy_at || *version.destroy_at > clock_.Now()) {
    return absl::OkStatus();
  }
  version.disabled_at = version.destroy_at = std::nullopt;
  SecretStore::SaveVersion(tx, due.tenant, version, /*destroy=*/true);
  return Append(tx, call, "secret.version.destroyed", secret, version.version);
}

absl::Status SecretUpkeep::Rotate(Secret secret, postgres::Transaction& tx,
                                  const CallContext& call) {
  SecretRotation& rotation = *secret.rotation;
  // Once, however many times were missed.
  const absl::Time now = clock_.Now();
  rotation.next += rotation.period * (1 + (now - rotation.next) / rotation.period);
  SecretStore::Save(tx, call.tenant, secret);
  outbox::v1::ChangeEvent change =
      outbox::Change(call, clock_, "secret.rotation_due", secret.id.ToString(),
                     static_cast<uint64_t>(secret.revision) + 1);
  auto& data = *change.mutable_data()->mutable_fields();
  data["secret_id"].set_string_value(secret.id.ToString());
  data["path"].set_string_value(secret.path);
  data["topic"].set_string_value(rotation.topic);
  RETURN_IF_ERROR(outbox_.AppendChange(tx, call, change));
  return Append(tx, call, "secret.rotation_due", secret);
}

absl::Status SecretUpkeep::Append(postgres::Transaction& tx, const CallContext& call,
                                  std::string_view action, const Secret& secret, uint32_t version) {
  std::vector<std::pair<std::string, std::string>> attributes;
  if (version > 0) attributes.emplace_back("version", std::to_string(version));
  return outbox_.AppendAudit(
      tx, call,
      outbox::Succeeded(call, clock_, action, {"secret", secret.id.ToString(), secret.path},
                        std::move(attributes)));
}

}  // namespace kasbah::vault
