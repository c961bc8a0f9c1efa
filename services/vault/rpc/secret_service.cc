#include "services/vault/rpc/secret_service.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/crypto/encoding.h"
#include "services/vault/rpc/proto_conversion.h"
#include "services/vault/rpc/secret_user.h"
#include "services/vault/store/request_store.h"

namespace kasbah::vault {
namespace {

constexpr int kDefaultPage = 100;
constexpr int kLargestPage = 1000;

absl::StatusOr<int> PageSize(int asked) {
  if (asked < 0) return InvalidField("page_size", "must not be negative");
  return asked == 0 ? kDefaultPage : std::min(asked, kLargestPage);
}

// What a request says of a secret's settings, each field where it is set.
template <typename Request>
absl::Status ReadSettings(const Request& request, absl::Time now, Secret& secret) {
  secret.labels = {request.labels().begin(), request.labels().end()};
  if (request.has_expire_time()) {
    ASSIGN_OR_RETURN(secret.expires_at, FromTimestamp(request.expire_time(), "expire_time"));
  }
  if (request.has_rotation()) {
    ASSIGN_OR_RETURN(secret.rotation, RotationFromProto(request.rotation(), now));
  }
  if (request.has_version_destroy_delay()) {
    ASSIGN_OR_RETURN(secret.destroy_delay,
                     FromDuration(request.version_destroy_delay(), "version_destroy_delay"));
  }
  return absl::OkStatus();
}

// The part of `request` that its mask names, put into `secret`. What it names and does not set goes
// back to what a new secret has.
absl::Status Apply(const v1::UpdateSecretRequest& request, absl::Time now, Secret& secret) {
  if (request.update_mask().paths().empty()) {
    return InvalidField("update_mask", "must name what is to be set");
  }
  Secret asked;
  RETURN_IF_ERROR(ReadSettings(request, now, asked));
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "labels") {
      secret.labels = asked.labels;
    } else if (path == "expire_time") {
      secret.expires_at = asked.expires_at;
    } else if (path == "rotation") {
      secret.rotation = asked.rotation;
    } else if (path == "version_destroy_delay") {
      secret.destroy_delay = asked.destroy_delay;
    } else {
      return InvalidField("update_mask",
                          "may name labels, expire_time, rotation and version_destroy_delay");
    }
  }
  return CheckSettings(secret, now);
}

}  // namespace

SecretService::SecretService(rpc::Pipeline& pipeline, postgres::Database& database,
                             outbox::Outbox& outbox, KeyRing& ring, const RootKeys& root,
                             const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      ring_(ring),
      root_(root),
      clock_(clock) {}

absl::Status SecretService::Admit(const rpc::Call& call) const {
  RETURN_IF_ERROR(root_.Ready());
  return rpc::RequireTenantWide(call);
}

absl::StatusOr<KeyRing::Lease> SecretService::SecretsKey(const rpc::Call& call) {
  return ring_.GetOrCreate(call, SecretsKeyName(), KeyPurpose::kEncrypt);
}

outbox::v1::AuditEvent SecretService::EventOf(const rpc::Call& call, std::string_view action,
                                              SecretId secret, const std::string& path,
                                              uint32_t version) const {
  std::vector<std::pair<std::string, std::string>> attributes = {
      {"version", std::to_string(version)}};
  if (!call.registered_workload.is_nil()) {
    attributes.emplace_back("workload_id", call.registered_workload.ToString());
  }
  return outbox::Succeeded(call, clock_, action, {"secret", secret.ToString(), path},
                           std::move(attributes));
}

absl::StatusOr<Secret> SecretService::Hold(postgres::Transaction& tx, const rpc::Call& call,
                                           const SecretRef& ref, const std::string& etag) const {
  ASSIGN_OR_RETURN(GrantedSecret held,
                   SecretStore::GetForUpdate(tx, call.tenant, ref, UserOf(call)).Await());
  RETURN_IF_ERROR(CheckGranted(held.access, GrantLevel::kWrite));
  RETURN_IF_ERROR(CheckEtag(held.secret, etag));
  return std::move(held.secret);
}

absl::StatusOr<v1::Secret> SecretService::Change(const rpc::Call& call, const std::string& secret,
                                                 const std::string& etag, std::string_view action,
                                                 const SecretChange& change) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(secret));
  ASSIGN_OR_RETURN(
      const Secret saved,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Secret>> {
            ASSIGN_OR_RETURN(Secret held, Hold(tx, call, ref, etag));
            RETURN_IF_ERROR(change(tx, held));
            auto row = SecretStore::Save(tx, call.tenant, held);
            RETURN_IF_ERROR(
                outbox_.AppendAudit(tx, call,
                                    outbox::Succeeded(call, clock_, action,
                                                      {"secret", held.id.ToString(), held.path})));
            return row;
          }));
  return ToProto(saved);
}

// The secret of the request's id, when it came before and asked for the same.
absl::StatusOr<std::optional<v1::Secret>> SecretService::Replayed(
    const rpc::Call& call, const v1::CreateSecretRequest& request) {
  if (request.request_id().empty()) return std::nullopt;
  using Found = std::optional<std::pair<DoneRequest, Secret>>;
  ASSIGN_OR_RETURN(
      const Found found,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Found> {
        ASSIGN_OR_RETURN(const std::optional<DoneRequest> done,
                         RequestStore::Find(tx, call.tenant, request.request_id()).Await());
        if (!done) return Found();
        ASSIGN_OR_RETURN(Secret made,
                         SecretStore::Get(tx, call.tenant, SecretRef::Of(done->secret)).Await());
        return Found({*done, std::move(made)});
      }));
  if (!found) return std::nullopt;
  const auto& [done, made] = *found;
  if (done.version != 0 || made.path != request.path()) return RequestIdReused();
  return ToProto(made);
}

absl::StatusOr<v1::Secret> SecretService::Create(const rpc::Call& call,
                                                 const v1::CreateSecretRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  RETURN_IF_ERROR(CheckSecretPath(request.path()));
  const absl::Time now = clock_.Now();
  Secret secret;
  secret.id = SecretId::New(now);
  secret.path = request.path();
  RETURN_IF_ERROR(ReadSettings(request, now, secret));
  RETURN_IF_ERROR(CheckSettings(secret, now));
  const absl::StatusOr<Secret> stored = database_.WithTenant(
      call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Secret>> {
        auto inserted = SecretStore::Insert(tx, call.tenant, secret);
        RequestStore::Remember(tx, call.tenant, request.request_id(), {secret.id, 0});
        RETURN_IF_ERROR(
            outbox_.AppendAudit(tx, call,
                                outbox::Succeeded(call, clock_, "secret.create",
                                                  {"secret", secret.id.ToString(), secret.path})));
        return inserted;
      });
  if (stored.ok()) return ToProto(*stored);
  // The path or the request's id was there: perhaps by this very request, the first time it came.
  if (!absl::IsAlreadyExists(stored.status())) return stored.status();
  ASSIGN_OR_RETURN(const std::optional<v1::Secret> replayed, Replayed(call, request));
  if (!replayed) return stored.status();
  return *replayed;
}

absl::StatusOr<v1::Secret> SecretService::Update(const rpc::Call& call,
                                                 const v1::UpdateSecretRequest& request) {
  return Change(call, request.secret(), request.etag(), "secret.update",
                [&](postgres::Transaction&, Secret& secret) -> absl::Status {
                  // An expired secret may be given another time; a deleted one is undeleted first.
                  RETURN_IF_ERROR(CheckNotDeleted(secret));
                  return Apply(request, clock_.Now(), secret);
                });
}

absl::StatusOr<v1::Secret> SecretService::SetGrants(const rpc::Call& call,
                                                    const v1::SetSecretGrantsRequest& request) {
  std::vector<SecretGrant> grants;
  for (const v1::SecretGrant& grant : request.grants()) {
    const bool is_new = std::none_of(grants.begin(), grants.end(), [&](const SecretGrant& other) {
      return other.actor == grant.actor();
    });
    if (!is_new) return InvalidField("grants", "must name each actor once");
    grants.push_back({grant.actor(), grant.access() == v1::SecretGrant::ACCESS_WRITE});
  }
  return Change(call, request.secret(), request.etag(), "secret.grants.set",
                [&](postgres::Transaction& tx, Secret& secret) -> absl::Status {
                  RETURN_IF_ERROR(CheckLive(secret, clock_.Now()));
                  secret.is_restricted = !grants.empty();
                  SecretStore::ReplaceGrants(tx, call.tenant, secret.id, grants);
                  return absl::OkStatus();
                });
}

absl::StatusOr<v1::Secret> SecretService::Delete(const rpc::Call& call,
                                                 const v1::DeleteSecretRequest& request) {
  return Change(call, request.secret(), request.etag(), "secret.delete",
                [&](postgres::Transaction&, Secret& secret) -> absl::Status {
                  RETURN_IF_ERROR(CheckNotDeleted(secret));
                  secret.deleted_at = clock_.Now();
                  secret.purge_at = *secret.deleted_at + kUndeleteWindow;
                  return absl::OkStatus();
                });
}

absl::StatusOr<v1::Secret> SecretService::Undelete(const rpc::Call& call,
                                                   const v1::UndeleteSecretRequest& request) {
  return Change(call, request.secret(), "", "secret.undelete",
                [&](postgres::Transaction&, Secret& secret) -> absl::Status {
                  if (!secret.deleted_at) {
                    return Error(absl::StatusCode::kFailedPrecondition, "SECRET_NOT_DELETED",
                                 "the secret is not deleted");
                  }
                  secret.deleted_at = secret.purge_at = std::nullopt;
                  // It would be deleted again at once.
                  if (secret.expires_at && *secret.expires_at <= clock_.Now()) {
                    secret.expires_at = std::nullopt;
                  }
                  return absl::OkStatus();
                });
}

absl::StatusOr<v1::Secret> SecretService::Get(const rpc::Call& call,
                                              const v1::GetSecretRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const SecretRef ref, SecretRef::Parse(request.secret()));
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    auto secret = SecretStore::Get(tx, call.tenant, ref);
    auto versions = SecretStore::Versions(tx, call.tenant, ref);
    auto grants = SecretStore::Grants(tx, call.tenant, ref);
    return tx.AfterCommit([secret, versions, grants]() -> absl::StatusOr<v1::Secret> {
      ASSIGN_OR_RETURN(const Secret found, secret.Take());
      ASSIGN_OR_RETURN(const std::vector<SecretVersion> all, versions.Take());
      ASSIGN_OR_RETURN(const std::vector<SecretGrant> granted, grants.Take());
      v1::Secret reply = ToProto(found);
      for (const SecretVersion& version : all) *reply.add_versions() = ToProto(version);
      for (const SecretGrant& grant : granted) *reply.add_grants() = ToProto(grant);
      return reply;
    });
  });
}

absl::StatusOr<v1::ListSecretsResponse> SecretService::List(const rpc::Call& call,
                                                            const v1::ListSecretsRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size()));
  const absl::StatusOr<std::string> after = crypto::ParseBase64Url(request.page_token());
  if (!after.ok() || (!after->empty() && !CheckSecretPath(*after).ok())) {
    return InvalidField("page_token", "must be one that ListSecrets returned");
  }
  SecretStore::ListOptions options;
  options.prefix = PathsBelow(request.path_prefix());
  options.after = *after;
  options.labels = {request.labels().begin(), request.labels().end()};
  options.deleted = request.deleted();
  // One more than asked for says whether there is a next page.
  options.limit = size + 1;
  ASSIGN_OR_RETURN(std::vector<Secret> secrets,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return SecretStore::List(tx, call.tenant, options);
                   }));
  v1::ListSecretsResponse reply;
  if (secrets.size() > static_cast<size_t>(size)) {
    secrets.resize(static_cast<size_t>(size));
    reply.set_next_page_token(crypto::Base64Url(secrets.back().path));
  }
  for (const Secret& secret : secrets) *reply.add_secrets() = ToProto(secret);
  return reply;
}

}  // namespace kasbah::vault
