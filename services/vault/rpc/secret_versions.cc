// SecretService's calls that have to do with versions.

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/hash.h"
#include "services/vault/domain/secret_opening.h"
#include "services/vault/rpc/proto_conversion.h"
#include "services/vault/rpc/secret_service.h"
#include "services/vault/rpc/secret_user.h"
#include "services/vault/store/request_store.h"

namespace kasbah::vault {

// Whether a request that came again brings the payload that it brought the first time. Where that
// is destroyed there is nothing to compare with.
absl::Status SecretService::CheckSamePayload(const KeyLease& key, const SealedVersion& row,
                                             std::string_view payload) const {
  if (row.version.destroyed_at) return absl::OkStatus();
  const absl::StatusOr<crypto::SecretBytes> stored =
      OpenPayload(key, row.version.secret, row.version.version, row.payload);
  if (stored.ok() &&
      crypto::ConstantTimeEquals(stored->view(crypto::SecretAccess::ForCaller()), payload)) {
    return absl::OkStatus();
  }
  return RequestIdReused();
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
  RETURN_IF_ERROR(ring_.Take(call, *key, 1));
  // Two round trips: the number that the payload is bound to is read, and its secret held, first.
  ASSIGN_OR_RETURN(
      const SecretVersion added,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<SecretVersion>> {
            // Behind the lock, so that the same request cannot be under way elsewhere.
            auto held = SecretStore::GetForUpdate(tx, call.tenant, ref, UserOf(call));
            std::optional<postgres::Pending<std::optional<DoneRequest>>> done;
            if (!request.request_id().empty()) {
              done = RequestStore::Find(tx, call.tenant, request.request_id());
            }
            ASSIGN_OR_RETURN(const GrantedSecret granted, held.Await());
            const Secret& secret = granted.secret;
            RETURN_IF_ERROR(CheckGranted(granted.access, GrantLevel::kWrite));
            std::optional<DoneRequest> before;
            if (done) {
              ASSIGN_OR_RETURN(before, done->Await());
            }
            if (before && (before->secret != secret.id || before->version == 0)) {
              return RequestIdReused();
            }
            if (before) {
              ASSIGN_OR_RETURN(
                  const SealedVersion row,
                  SecretStore::GetVersion(tx, call.tenant, ref, before->version, UserOf(call))
                      .Await());
              RETURN_IF_ERROR(CheckSamePayload(*key, row, request.payload()));
              return tx.AfterCommit([version = row.version] { return version; });
            }
            RETURN_IF_ERROR(CheckLive(secret, clock_.Now()));
            RETURN_IF_ERROR(CheckEtag(secret, request.etag()));
            SecretVersion next;
            next.secret = secret.id;
            next.version = secret.latest_version + 1;
            next.key_version = key->primary_version();
            next.created_by = call.actor.id;
            ASSIGN_OR_RETURN(const std::string sealed,
                             SealPayload(*key, secret.id, next.version, request.payload()));
            auto inserted = SecretStore::AddVersion(tx, call.tenant, next, sealed);
            RequestStore::Remember(tx, call.tenant, request.request_id(),
                                   {secret.id, next.version});
            RETURN_IF_ERROR(outbox_.AppendAudit(
                tx, call,
                EventOf(call, "secret.version.add", secret.id, secret.path, next.version)));
            return inserted;
          }));
  return ToProto(added);
}

absl::StatusOr<v1::SecretVersion> SecretService::GetVersion(
    const rpc::Call& call, const v1::GetSecretVersionRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(request.secret()));
  ASSIGN_OR_RETURN(
      const SealedVersion row, database_.WithTenant(call, [&](postgres::Transaction& tx) {
        return SecretStore::GetVersion(tx, call.tenant, ref, request.version(), UserOf(call));
      }));
  return ToProto(row.version);
}

absl::StatusOr<postgres::Pending<SealedVersion>> SecretService::QueueExpected(
    postgres::Transaction& tx, const rpc::Call& call, const VersionHints::Hint& expected,
    uint32_t version) {
  const uint32_t number = version == 0 ? expected.latest_version : version;
  auto row = SecretStore::GetExpected(tx, call.tenant, expected.secret, number, version == 0,
                                      UserOf(call));
  RETURN_IF_ERROR(outbox_.AppendAudit(
      tx, call, EventOf(call, "secret.version.access", expected.secret, expected.path, number)));
  return row;
}

absl::StatusOr<SealedVersion> SecretService::ReadAudited(const rpc::Call& call,
                                                         const SecretRef& ref, uint32_t version) {
  if (const auto hint = hints_.Find(call.tenant, ref.text()); hint.has_value()) {
    absl::StatusOr<SealedVersion> row = database_.WithTenant(
        call, [&](postgres::Transaction& tx) { return QueueExpected(tx, call, *hint, version); });
    if (row.ok() || ReasonOf(row.status()) != SecretStore::kHintStale) return row;
    hints_.Drop(call.tenant, ref.text());
  }
  absl::StatusOr<SealedVersion> row =
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<SealedVersion> {
        ASSIGN_OR_RETURN(
            SealedVersion found,
            SecretStore::GetVersion(tx, call.tenant, ref, version, UserOf(call)).Await());
        RETURN_IF_ERROR(CheckGranted(found.access, GrantLevel::kRead));
        RETURN_IF_ERROR(CheckLive(found.secret, clock_.Now()));
        RETURN_IF_ERROR(CheckReadable(found.version));
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
  ASSIGN_OR_RETURN(const KeyRing::Lease key, SecretsKey(call));
  ASSIGN_OR_RETURN(const SealedVersion row, ReadAudited(call, ref, request.version()));
  return Show(call, key, row);
}

absl::StatusOr<v1::AccessSecretVersionResponse> SecretService::Show(
    const rpc::Call& call, KeyRing::Lease key, const SealedVersion& row) const {
  ASSIGN_OR_RETURN(const crypto::SecretBytes payload,
                   OpenStored(ring_, call, std::move(key), row.version, row.payload));
  v1::AccessSecretVersionResponse reply;
  *reply.mutable_version() = ToProto(row.version);
  reply.mutable_payload()->assign(payload.view(crypto::SecretAccess::ForCaller()));
  reply.set_payload_crc32c(crypto::Crc32c(reply.payload()));
  return reply;
}

void SecretService::StartAccess(const rpc::Call& call,
                                const v1::AccessSecretVersionRequest& request,
                                rpc::Answer<v1::AccessSecretVersionResponse> answer) {
  const absl::StatusOr<SecretRef> ref = SecretRef::Parse(request.secret());
  if (!Admit(call).ok() || !ref.ok()) return answer.Defer();
  const std::optional<VersionHints::Hint> hint = hints_.Find(call.tenant, ref->text());
  KeyRing::Lease key = ring_.FindLive(call.tenant, SecretsKeyName());
  if (!hint.has_value() || key == nullptr) return answer.Defer();
  database_.WithTenantShared(
      call,
      [&](postgres::Transaction& tx) { return QueueExpected(tx, call, *hint, request.version()); },
      [this, &call, key = std::move(key),
       answer = std::move(answer)](std::optional<absl::StatusOr<SealedVersion>> row) mutable {
        const bool stale = row.has_value() && ReasonOf(row->status()) == SecretStore::kHintStale;
        if (!row.has_value() || stale) return answer.Defer();
        if (!row->ok()) return answer.Give(row->status());
        if (key->Has((*row)->version.key_version)) return answer.Give(Show(call, key, **row));
        // Sealed with a version that another replica made just now, which is read first.
        answer.Later([this, key, row = **std::move(row)](const rpc::Call& later) {
          return Show(later, key, row);
        });
      });
}

absl::StatusOr<v1::SecretVersion> SecretService::ChangeVersion(const rpc::Call& call,
                                                               const std::string& secret,
                                                               uint32_t version,
                                                               std::string_view action,
                                                               const VersionChange& change) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(secret));
  ASSIGN_OR_RETURN(
      const SecretVersion changed,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<SecretVersion>> {
            // One flush: the version is read behind the lock of its secret.
            auto holding = SecretStore::GetForUpdate(tx, call.tenant, ref, UserOf(call));
            auto finding = SecretStore::GetVersion(tx, call.tenant, ref, version, UserOf(call));
            ASSIGN_OR_RETURN(const GrantedSecret granted, holding.Await());
            RETURN_IF_ERROR(CheckGranted(granted.access, GrantLevel::kWrite));
            const Secret& held = granted.secret;
            RETURN_IF_ERROR(CheckNotDeleted(held));
            ASSIGN_OR_RETURN(SealedVersion found, finding.Await());
            if (found.version.destroyed_at) return VersionDestroyed();
            ASSIGN_OR_RETURN(const bool destroy, change(held, found.version));
            auto row = SecretStore::SaveVersion(tx, call.tenant, found.version, destroy);
            RETURN_IF_ERROR(outbox_.AppendAudit(
                tx, call, EventOf(call, action, held.id, held.path, found.version.version)));
            return row;
          }));
  return ToProto(changed);
}

absl::StatusOr<v1::SecretVersion> SecretService::Enable(
    const rpc::Call& call, const v1::EnableSecretVersionRequest& request) {
  return ChangeVersion(call, request.secret(), request.version(), "secret.version.enable",
                       [](const Secret&, SecretVersion& version) {
                         version.disabled_at = version.destroy_at = std::nullopt;
                         return false;
                       });
}

absl::StatusOr<v1::SecretVersion> SecretService::Disable(
    const rpc::Call& call, const v1::DisableSecretVersionRequest& request) {
  return ChangeVersion(call, request.secret(), request.version(), "secret.version.disable",
                       [this](const Secret&, SecretVersion& version) {
                         if (!version.disabled_at) version.disabled_at = clock_.Now();
                         return false;
                       });
}

absl::StatusOr<v1::SecretVersion> SecretService::Destroy(
    const rpc::Call& call, const v1::DestroySecretVersionRequest& request) {
  return ChangeVersion(call, request.secret(), request.version(), "secret.version.destroy",
                       [&](const Secret& secret, SecretVersion& version) {
                         const bool now =
                             request.immediately() || secret.destroy_delay == absl::ZeroDuration();
                         if (now) {
                           version.disabled_at = version.destroy_at = std::nullopt;
                         } else if (!version.destroy_at) {
                           version.destroy_at = clock_.Now() + secret.destroy_delay;
                         }
                         return now;
                       });
}

}  // namespace kasbah::vault
