#include "services/vault/rpc/secret_service.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/telemetry/log.h"
#include "services/vault/rpc/proto_conversion.h"
#include "services/vault/rpc/tenant_wide.h"

namespace kasbah::vault {
namespace {

constexpr int kDefaultPage = 100;
constexpr int kLargestPage = 1000;

absl::StatusOr<int> PageSize(int asked) {
  if (asked < 0) return InvalidField("page_size", "must not be negative");
  return asked == 0 ? kDefaultPage : std::min(asked, kLargestPage);
}

absl::Status EtagMismatch() {
  return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
               "the secret changed since it was read");
}

}  // namespace

absl::Status SecretService::Admit(const rpc::Call& call) const {
  RETURN_IF_ERROR(root_.Ready());
  return RequireTenantWide(call);
}

absl::StatusOr<KeyRing::Lease> SecretService::SecretsKey(const rpc::Call& call) {
  return ring_.GetOrCreate(call, {std::string(kVaultOwner), std::string(kSecretsKey)},
                           KeyPurpose::kEncrypt);
}

outbox::v1::AuditEvent SecretService::EventOf(const rpc::Call& call, std::string_view action,
                                              SecretId secret, const std::string& path,
                                              uint32_t version) const {
  return outbox::Succeeded(call, clock_, action, {"secret", secret.ToString(), path},
                           {{"version", std::to_string(version)}});
}

absl::StatusOr<v1::Secret> SecretService::Create(const rpc::Call& call,
                                                 const v1::CreateSecretRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  RETURN_IF_ERROR(CheckSecretPath(request.path()));
  Secret secret;
  secret.id = SecretId::New(clock_.Now());
  secret.path = request.path();
  secret.labels.insert(request.labels().begin(), request.labels().end());
  ASSIGN_OR_RETURN(
      const Secret stored,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Secret>> {
            auto inserted = SecretStore::Insert(tx, call.tenant, secret);
            RETURN_IF_ERROR(outbox_.AppendAudit(
                tx, call,
                outbox::Succeeded(call, clock_, "secret.create",
                                  {"secret", secret.id.ToString(), secret.path})));
            return inserted;
          }));
  return ToProto(stored);
}

absl::StatusOr<v1::SecretVersion> SecretService::AddVersion(
    const rpc::Call& call, const v1::AddSecretVersionRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(request.secret()));
  if (request.has_payload_crc32c() &&
      request.payload_crc32c() != crypto::Crc32c(request.payload())) {
    return InvalidField("payload_crc32c", "does not match the payload");
  }
  ASSIGN_OR_RETURN(const KeyRing::Lease key, SecretsKey(call));
  // Two round trips: the number that the payload is bound to is read, and its secret held, first.
  ASSIGN_OR_RETURN(
      const SecretVersion added,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<SecretVersion>> {
            ASSIGN_OR_RETURN(const Secret secret,
                             SecretStore::GetForUpdate(tx, call.tenant, ref).Await());
            if (!request.etag().empty() && request.etag() != EtagOf(secret)) return EtagMismatch();
            SecretVersion next;
            next.secret = secret.id;
            next.version = secret.latest_version + 1;
            next.key_version = key->primary_version();
            next.created_by = call.actor.id;
            ASSIGN_OR_RETURN(const std::string sealed,
                             SealPayload(*key, secret.id, next.version, request.payload()));
            auto inserted = SecretStore::AddVersion(tx, call.tenant, next, sealed);
            RETURN_IF_ERROR(outbox_.AppendAudit(
                tx, call,
                EventOf(call, "secret.version.add", secret.id, secret.path, next.version)));
            return inserted;
          }));
  return ToProto(added);
}

absl::StatusOr<SealedVersion> SecretService::ReadExpected(const rpc::Call& call,
                                                          const VersionHints::Hint& expected,
                                                          uint32_t version) {
  const uint32_t number = version == 0 ? expected.latest_version : version;
  return database_.WithTenant(
      call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<SealedVersion>> {
        auto row = SecretStore::GetExpected(tx, call.tenant, expected.secret, number, version == 0);
        RETURN_IF_ERROR(outbox_.AppendAudit(
            tx, call,
            EventOf(call, "secret.version.access", expected.secret, expected.path, number)));
        return row;
      });
}

absl::StatusOr<SealedVersion> SecretService::ReadAudited(const rpc::Call& call,
                                                         const SecretRef& ref, uint32_t version) {
  if (const auto hint = hints_.Find(call.tenant, ref.text()); hint.has_value()) {
    absl::StatusOr<SealedVersion> row = ReadExpected(call, *hint, version);
    if (row.ok() || ReasonOf(row.status()) != SecretStore::kHintStale) return row;
    hints_.Drop(call.tenant, ref.text());
  }
  absl::StatusOr<SealedVersion> row =
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<SealedVersion> {
        ASSIGN_OR_RETURN(SealedVersion found,
                         SecretStore::GetVersion(tx, call.tenant, ref, version).Await());
        if (found.version.destroyed_at.has_value()) return VersionDestroyed();
        RETURN_IF_ERROR(outbox_.AppendAudit(tx, call,
                                            EventOf(call, "secret.version.access", found.secret.id,
                                                    found.secret.path, found.version.version)));
        return found;
      });
  if (row.ok()) {
    hints_.Put(call.tenant, ref.text(),
               {row->secret.id, row->secret.path, row->secret.latest_version});
  }
  return row;
}

absl::StatusOr<v1::AccessSecretVersionResponse> SecretService::Access(
    const rpc::Call& call, const v1::AccessSecretVersionRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(request.secret()));
  ASSIGN_OR_RETURN(KeyRing::Lease key, SecretsKey(call));
  ASSIGN_OR_RETURN(const SealedVersion row, ReadAudited(call, ref, request.version()));
  if (!key->Has(row.version.key_version)) {
    // Sealed by another replica that already knew a newer version of the key.
    ASSIGN_OR_RETURN(key, ring_.Refresh(call, key->name()));
  }
  const absl::StatusOr<crypto::SecretBytes> payload =
      OpenPayload(*key, row.version.secret, row.version.version, row.payload);
  if (!payload.ok()) {
    telemetry::LogError("a stored secret does not open: its row was changed",
                        {{"tenant", call.tenant.ToString()},
                         {"secret", row.secret.id.ToString()},
                         {"version", static_cast<int64_t>(row.version.version)}});
    return Error(absl::StatusCode::kDataLoss, "OPEN_FAILED", "the stored payload does not open");
  }
  v1::AccessSecretVersionResponse reply;
  *reply.mutable_version() = ToProto(row.version);
  reply.mutable_payload()->assign(payload->view(crypto::SecretAccess::ForCaller()));
  reply.set_payload_crc32c(crypto::Crc32c(reply.payload()));
  return reply;
}

absl::StatusOr<v1::Secret> SecretService::Get(const rpc::Call& call,
                                              const v1::GetSecretRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(request.secret()));
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    auto secret = SecretStore::Get(tx, call.tenant, ref);
    auto versions = SecretStore::Versions(tx, call.tenant, ref);
    return tx.AfterCommit([secret, versions]() -> absl::StatusOr<v1::Secret> {
      ASSIGN_OR_RETURN(const Secret found, secret.Take());
      ASSIGN_OR_RETURN(const std::vector<SecretVersion> all, versions.Take());
      v1::Secret reply = ToProto(found);
      for (const SecretVersion& version : all) *reply.add_versions() = ToProto(version);
      return reply;
    });
  });
}

absl::StatusOr<v1::ListSecretsResponse> SecretService::List(const rpc::Call& call,
                                                            const v1::ListSecretsRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size()));
  const absl::StatusOr<std::string> after = crypto::ParseBase64Url(request.page_token());
  if (!after.ok()) return InvalidField("page_token", "must be one that ListSecrets returned");
  if (!after->empty() && !CheckSecretPath(*after).ok()) {
    return InvalidField("page_token", "must be one that ListSecrets returned");
  }
  ASSIGN_OR_RETURN(std::vector<Secret> secrets,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     // One more than asked for says whether there is a next page.
                     return SecretStore::List(tx, call.tenant, PathsBelow(request.path_prefix()),
                                              *after, size + 1);
                   }));
  v1::ListSecretsResponse reply;
  if (secrets.size() > static_cast<size_t>(size)) {
    secrets.resize(static_cast<size_t>(size));
    reply.set_next_page_token(crypto::Base64Url(secrets.back().path));
  }
  for (const Secret& secret : secrets) *reply.add_secrets() = ToProto(secret);
  return reply;
}

absl::StatusOr<v1::SecretVersion> SecretService::DestroyVersion(
    const rpc::Call& call, const v1::DestroySecretVersionRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(request.secret()));
  ASSIGN_OR_RETURN(
      const SecretVersion destroyed,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<SecretVersion>> {
            ASSIGN_OR_RETURN(
                const SealedVersion found,
                SecretStore::GetVersion(tx, call.tenant, ref, request.version()).Await());
            auto row = SecretStore::DestroyVersion(tx, call.tenant, found.secret.id,
                                                   found.version.version);
            RETURN_IF_ERROR(
                outbox_.AppendAudit(tx, call,
                                    EventOf(call, "secret.version.destroy", found.secret.id,
                                            found.secret.path, found.version.version)));
            return row;
          }));
  return ToProto(destroyed);
}

}  // namespace kasbah::vault
