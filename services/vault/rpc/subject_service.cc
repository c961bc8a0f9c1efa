#include "services/vault/rpc/subject_service.h"

#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/vault/domain/personal_columns.h"
#include "services/vault/store/secret_store.h"

namespace kasbah::vault {
namespace {

constexpr std::string_view kCreatedBy = kPersonalColumns[0];
constexpr std::string_view kGrantActor = kPersonalColumns[1];
constexpr std::string_view kLeaseActor = kPersonalColumns[2];
static_assert(kPersonalColumns.size() == 3 && kCreatedBy.ends_with(".created_by") &&
              kGrantActor.ends_with("grants.actor") && kLeaseActor.ends_with("leases.actor"));

// Of an erasure, in one call.
constexpr int kLeasesAtOnce = 1000;

struct Held {
  std::vector<SecretVersion> added;
  std::vector<SecretId> granted;
  std::vector<LeaseId> leases;
};

struct Erased {
  int64_t versions = 0;
  int64_t grants = 0;
  int64_t leases = 0;
};

}  // namespace

SubjectService::SubjectService(rpc::Pipeline& pipeline, postgres::Database& database,
                               outbox::Outbox& outbox, const Clock& clock, KekChanges& changes)
    : subject::SubjectService(pipeline, database, outbox, clock, kTenantTables),
      changes_(changes) {}

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  const std::string& id = request.subject().id();
  ASSIGN_OR_RETURN(const Held held,
                   ExportAudited(call, [&](postgres::Transaction& tx) -> postgres::Pending<Held> {
                     auto added = SecretStore::AddedBy(tx, call.tenant, id);
                     auto granted = SecretStore::GrantedTo(tx, call.tenant, id);
                     auto leases = LeaseStore::HeldBy(tx, call.tenant, id);
                     return tx.AfterCommit([added, granted, leases]() -> absl::StatusOr<Held> {
                       Held found;
                       ASSIGN_OR_RETURN(found.leases, leases.Take());
                       ASSIGN_OR_RETURN(found.added, added.Take());
                       ASSIGN_OR_RETURN(found.granted, granted.Take());
                       return found;
                     });
                   }));
  subject::v1::ExportSubjectResponse reply;
  for (const SecretVersion& version : held.added) {
    AddValue(kCreatedBy, StrCat(version.secret.ToString(), "/", version.version),
             version.created_by, &reply);
  }
  for (const SecretId secret : held.granted) AddValue(kGrantActor, secret.ToString(), id, &reply);
  for (const LeaseId lease : held.leases) AddValue(kLeaseActor, lease.ToString(), id, &reply);
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  const std::string& id = request.subject().id();
  ASSIGN_OR_RETURN(const Erased erased,
                   EraseAudited(call, [&](postgres::Transaction& tx) -> postgres::Pending<Erased> {
                     auto versions = SecretStore::EraseCreator(tx, call.tenant, id);
                     auto grants = SecretStore::EraseGrants(tx, call.tenant, id);
                     auto leases = LeaseStore::EraseActor(tx, call.tenant, id);
                     return tx.AfterCommit([versions, grants, leases]() -> absl::StatusOr<Erased> {
                       Erased counts;
                       ASSIGN_OR_RETURN(counts.leases, leases.Take());
                       ASSIGN_OR_RETURN(counts.versions, versions.Take());
                       ASSIGN_OR_RETURN(counts.grants, grants.Take());
                       return counts;
                     });
                   }));
  RETURN_IF_ERROR(changes_.ShredSubject(call, id).status());
  subject::v1::EraseSubjectResponse reply;
  (*reply.mutable_erased())[std::string(kCreatedBy)] = static_cast<uint64_t>(erased.versions);
  (*reply.mutable_erased())[std::string(kGrantActor)] = static_cast<uint64_t>(erased.grants);
  (*reply.mutable_erased())[std::string(kLeaseActor)] = static_cast<uint64_t>(erased.leases);
  return reply;
}

absl::Status SubjectService::EndLeases(const rpc::Call& call) {
  const absl::Time now = clock().Now();
  LeaseStore::ListOptions unended;
  unended.limit = kLeasesAtOnce;
  ASSIGN_OR_RETURN(const std::vector<Lease> leases,
                   database().WithTenantInAnyState(
                       call, postgres::AnyStateToken::ForErasure(), [&](postgres::Transaction& tx) {
                         return LeaseStore::List(tx, call.tenant, unended);
                       }));
  bool is_any_left = false;
  bool is_any_open = false;
  for (const Lease& lease : leases) {
    is_any_left |= lease.expires_at > now;
    is_any_open |= lease.state == LeaseState::kCreating || lease.state == LeaseState::kActive;
  }
  if (is_any_open) {
    RETURN_IF_ERROR(EraseCounted(call, "vault.leases",
                                 [&](postgres::Transaction& tx) -> absl::StatusOr<uint64_t> {
                                   ASSIGN_OR_RETURN(
                                       const std::vector<Lease> revoked,
                                       LeaseStore::RevokeWithin(tx, call.tenant, "", DatabaseId(),
                                                                now, kLeasesAtOnce)
                                           .Await());
                                   return revoked.size();
                                 })
                        .status());
  }
  if (!is_any_left) return absl::OkStatus();
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "LEASES_ENDING",
                              "logins in the tenant's databases are being ended"),
                        absl::Seconds(1));
}

absl::Status SubjectService::PrepareErasure(const rpc::Call& call,
                                            subject::v1::EraseTenantResponse*) {
  ASSIGN_OR_RETURN(const bool is_shredded, changes_.IsTenantShredded(call));
  if (is_shredded) return absl::OkStatus();
  RETURN_IF_ERROR(EndLeases(call));
  return changes_.ShredTenant(call).status();
}

}  // namespace kasbah::vault
