#include "services/vault/rpc/lease_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/vault/rpc/lease_conversion.h"
#include "services/vault/store/database_store.h"
#include "services/vault/store/lease_store.h"

namespace kasbah::vault {
namespace {

constexpr int kDefaultPage = 100;
constexpr int kLargestPage = 1000;
// In one transaction.
constexpr int kRevokedAtOnce = 500;

bool MayEnd(const rpc::Call& call, const Lease& lease) {
  return call.actor_kind == policy::v1::ACTOR_KIND_OPERATOR || lease.actor == call.actor.id ||
         call.Has(policy::v1::PERMISSION_SECRET_WRITE);
}

}  // namespace

LeaseService::LeaseService(rpc::Pipeline& pipeline, postgres::Database& database,
                           outbox::Outbox& outbox, const RootKeys& root, LeaseIssuer& issuer,
                           LeaseKeeper& keeper, const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      root_(root),
      issuer_(issuer),
      keeper_(keeper),
      clock_(clock) {}

absl::Status LeaseService::Admit(const rpc::Call& call) const {
  RETURN_IF_ERROR(root_.Ready());
  return rpc::RequireTenantWide(call);
}

absl::StatusOr<v1::IssueLeaseResponse> LeaseService::Issue(const rpc::Call& call,
                                                           const v1::IssueLeaseRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const std::optional<absl::Duration> ttl, TtlOf(request));
  ASSIGN_OR_RETURN(const LeaseIssuer::Issued issued, issuer_.Issue(call, request.role(), ttl));
  v1::IssueLeaseResponse reply;
  *reply.mutable_lease() = ToProto(issued.lease);
  reply.mutable_password()->assign(issued.password.view(crypto::SecretAccess::ForCaller()));
  reply.set_host(issued.target.host);
  reply.set_port(issued.target.port);
  reply.set_dbname(issued.target.dbname);
  return reply;
}

absl::StatusOr<v1::Lease> LeaseService::Renew(const rpc::Call& call,
                                              const v1::RenewLeaseRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const LeaseId id, LeaseId::Parse(request.lease_id()));
  ASSIGN_OR_RETURN(const std::optional<absl::Duration> ttl, TtlOf(request));
  ASSIGN_OR_RETURN(const Lease renewed, issuer_.Renew(call, id, ttl));
  return ToProto(renewed);
}

absl::StatusOr<v1::Lease> LeaseService::Revoke(const rpc::Call& call,
                                               const v1::RevokeLeaseRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const LeaseId id, LeaseId::Parse(request.lease_id()));
  bool is_ours = false;
  ASSIGN_OR_RETURN(
      Lease lease,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Lease> {
        ASSIGN_OR_RETURN(Lease held, LeaseStore::GetForUpdate(tx, call.tenant, id).Await());
        if (!MayEnd(call, held)) {
          return Error(absl::StatusCode::kPermissionDenied, "LEASE_OF_ANOTHER",
                       "the lease was issued for somebody else");
        }
        // One that is being made is its maker's, who finds it revoked; then the keeper's.
        is_ours = held.state == LeaseState::kActive;
        if (!is_ours && held.state != LeaseState::kCreating) return held;
        LeaseStore::Revoke(tx, call.tenant, id, lease_cause::kRevoked, clock_.Now() + kLeaseWork);
        held.state = LeaseState::kRevoking;
        held.cause = lease_cause::kRevoked;
        RETURN_IF_ERROR(
            outbox_.AppendAudit(tx, call, LeaseEvent(call, clock_, "lease.revoke", held)));
        return held;
      }));
  if (is_ours) {
    ASSIGN_OR_RETURN(lease, keeper_.Finish(call.tenant, lease));
  }
  return ToProto(lease);
}

absl::StatusOr<v1::RevokeLeasesResponse> LeaseService::RevokeMany(
    const rpc::Call& call, const v1::RevokeLeasesRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  if (request.role_prefix().empty() && request.database().empty()) {
    return InvalidField("role_prefix", "must be there, or database");
  }
  v1::RevokeLeasesResponse reply;
  size_t last = kRevokedAtOnce;
  while (last == kRevokedAtOnce) {
    ASSIGN_OR_RETURN(
        last, database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<size_t> {
          DatabaseId database;
          if (!request.database().empty()) {
            ASSIGN_OR_RETURN(const TargetDatabase target,
                             DatabaseStore::Get(tx, call.tenant, request.database()).Await());
            database = target.id;
          }
          ASSIGN_OR_RETURN(const std::vector<Lease> revoked,
                           LeaseStore::RevokeWithin(tx, call.tenant, request.role_prefix(),
                                                    database, clock_.Now(), kRevokedAtOnce)
                               .Await());
          std::vector<outbox::v1::AuditEvent> events;
          for (const Lease& lease : revoked) {
            events.push_back(LeaseEvent(call, clock_, "lease.revoke", lease));
          }
          // Of a call that finds nothing to revoke too.
          events.push_back(outbox::Succeeded(
              call, clock_, "lease.revoke_all", {"lease", request.role_prefix(), ""},
              {{"database", request.database()}, {"revoked", std::to_string(revoked.size())}}));
          RETURN_IF_ERROR(outbox_.AppendAudits(tx, call, events));
          return revoked.size();
        }));
    reply.set_revoked(reply.revoked() + static_cast<uint32_t>(last));
  }
  return reply;
}

absl::StatusOr<v1::Lease> LeaseService::Get(const rpc::Call& call,
                                            const v1::GetLeaseRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  ASSIGN_OR_RETURN(const LeaseId id, LeaseId::Parse(request.lease_id()));
  ASSIGN_OR_RETURN(const Lease lease, database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return LeaseStore::Get(tx, call.tenant, id);
  }));
  return ToProto(lease);
}

absl::StatusOr<v1::ListLeasesResponse> LeaseService::List(const rpc::Call& call,
                                                          const v1::ListLeasesRequest& request) {
  RETURN_IF_ERROR(Admit(call));
  if (request.page_size() < 0) return InvalidField("page_size", "must not be negative");
  const int size =
      request.page_size() == 0 ? kDefaultPage : std::min(request.page_size(), kLargestPage);
  LeaseStore::ListOptions options;
  options.role_prefix = request.role_prefix();
  options.with_ended = request.ended();
  // One more than asked for says whether there is a next page.
  options.limit = size + 1;
  if (!request.page_token().empty()) {
    const absl::StatusOr<LeaseId> after = LeaseId::Parse(request.page_token());
    if (!after.ok()) return InvalidField("page_token", "must be one that ListLeases returned");
    options.after = *after;
  }
  ASSIGN_OR_RETURN(std::vector<Lease> leases,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return LeaseStore::List(tx, call.tenant, options);
                   }));
  v1::ListLeasesResponse reply;
  if (leases.size() > static_cast<size_t>(size)) {
    leases.resize(static_cast<size_t>(size));
    reply.set_next_page_token(leases.back().id.ToString());
  }
  for (const Lease& lease : leases) *reply.add_leases() = ToProto(lease);
  return reply;
}

}  // namespace kasbah::vault
