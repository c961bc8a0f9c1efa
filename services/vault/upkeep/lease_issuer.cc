#include "services/vault/upkeep/lease_issuer.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/vault/upkeep/target_logins.h"

namespace kasbah::vault {
namespace {

// Of a call that may have no time left for tidying up.
constexpr absl::Duration kGiveUpWithin = absl::Seconds(10);

absl::Status Ended() {
  return Error(absl::StatusCode::kAborted, "LEASE_ENDED",
               "the lease was revoked while it was being issued");
}

}  // namespace

outbox::v1::AuditEvent LeaseEvent(const CallContext& call, const Clock& clock,
                                  std::string_view action, const Lease& lease) {
  return outbox::Succeeded(
      call, clock, action, {"lease", lease.id.ToString(), lease.role_path},
      {{"database", lease.database_name},
       {"username", lease.login},
       {"expires", absl::FormatTime(absl::RFC3339_sec, lease.expires_at, absl::UTCTimeZone())}});
}

absl::Time TargetDeadline(const CallContext& call) {
  return std::min(call.deadline, absl::Now() + kTargetTimeout);
}

absl::StatusOr<LeaseIssuer::Begun> LeaseIssuer::Begin(const CallContext& call,
                                                      const std::string& role,
                                                      std::optional<absl::Duration> ttl) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Begun> {
    Begun begun;
    ASSIGN_OR_RETURN(begun.role, DatabaseStore::GetRole(tx, call.tenant, role).Await());
    ASSIGN_OR_RETURN(begun.target,
                     DatabaseStore::GetById(tx, call.tenant, begun.role.database).Await());
    const absl::Time now = clock_.Now();
    Lease& lease = begun.lease;
    lease.id = LeaseId::New(now);
    lease.database = begun.target.id;
    lease.database_name = begun.target.name;
    lease.role_path = begun.role.path;
    lease.login = NewLoginName(begun.role.path);
    lease.actor = call.actor.id;
    lease.ttl = std::min(ttl.value_or(begun.role.default_ttl), begun.role.max_ttl);
    lease.created_at = now;
    lease.max_expires_at = LeaseEnd(now, begun.role.max_ttl, absl::InfiniteFuture());
    lease.expires_at = LeaseEnd(now, lease.ttl, lease.max_expires_at);
    LeaseStore::Insert(tx, call.tenant, lease, now + kLeaseWork);
    RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, LeaseEvent(call, clock_, "lease.begin", lease)));
    return begun;
  });
}

absl::Status LeaseIssuer::Create(postgres::ForeignConnection& connection, const Begun& begun,
                                 const crypto::SecretBytes& password, absl::Time deadline) {
  TargetLogins logins(connection, deadline);
  RETURN_IF_ERROR(logins.CheckGroups(begun.role.groups));
  return logins.Create(begun.lease.login, password, begun.role, begun.lease.expires_at,
                       "kasbah " + begun.lease.id.ToString());
}

absl::StatusOr<Lease> LeaseIssuer::Activate(const CallContext& call, const Begun& begun) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Lease> {
    ASSIGN_OR_RETURN(const bool is_ours,
                     LeaseStore::Activate(tx, call.tenant, begun.lease.id, clock_.Now()).Await());
    if (!is_ours) return Ended();
    Lease active = begun.lease;
    active.state = LeaseState::kActive;
    RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, LeaseEvent(call, clock_, "lease.issue", active)));
    return active;
  });
}

absl::StatusOr<LeaseIssuer::Issued> LeaseIssuer::Issue(const CallContext& call,
                                                       const std::string& role,
                                                       std::optional<absl::Duration> ttl) {
  ASSIGN_OR_RETURN(const Begun begun, Begin(call, role, ttl));
  const absl::Time deadline = TargetDeadline(call);
  const auto connection = access_.Connect(call, KeySource::TenantState::kActive, begun.target,
                                          {{"lease", begun.lease.id.ToString()}}, deadline);
  if (!connection.ok()) {
    GiveUp(call, begun, /*is_nothing_made=*/true, connection.status());
    return connection.status();
  }
  crypto::SecretBytes password = NewPassword();
  const absl::Status created = Create(**connection, begun, password, deadline);
  if (!created.ok()) {
    GiveUp(call, begun, /*is_nothing_made=*/false, created);
    return created;
  }
  absl::StatusOr<Lease> active = Activate(call, begun);
  if (!active.ok()) {
    GiveUp(call, begun, /*is_nothing_made=*/false, active.status());
    return active.status();
  }
  return Issued{*std::move(active), begun.target, std::move(password)};
}

void LeaseIssuer::GiveUp(const CallContext& call, const Begun& begun, bool is_nothing_made,
                         const absl::Status& why) {
  CallContext tidying = call;
  tidying.deadline = absl::Now() + kGiveUpWithin;
  const auto note = [&](postgres::Transaction& tx) -> absl::Status {
    const absl::Time now = clock_.Now();
    if (is_nothing_made) {
      LeaseStore::End(tx, call.tenant, begun.lease.id, lease_cause::kFailed, now);
    } else {
      LeaseStore::Abandon(tx, call.tenant, begun.lease.id, now);
    }
    return outbox_.AppendAudit(
        tx, call,
        outbox::Failed(call, clock_, "lease.issue",
                       {"lease", begun.lease.id.ToString(), begun.lease.role_path},
                       outbox::v1::OUTCOME_FAILURE, ReasonOf(why)));
  };
  // The tenant may have been suspended meanwhile. What cannot be noted here is found by the keeper
  // when this maker's time is over.
  database_.WithTenantInAnyState(tidying, postgres::AnyStateToken::ForLifecycle(), note)
      .IgnoreError();
}

absl::StatusOr<Lease> LeaseIssuer::Renew(const CallContext& call, LeaseId id,
                                         std::optional<absl::Duration> ttl) {
  struct Read {
    Lease lease;
    TargetDatabase target;
  };
  ASSIGN_OR_RETURN(
      const Read read,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Read> {
        Read found;
        ASSIGN_OR_RETURN(found.lease, LeaseStore::Get(tx, call.tenant, id).Await());
        ASSIGN_OR_RETURN(found.target,
                         DatabaseStore::GetById(tx, call.tenant, found.lease.database).Await());
        return found;
      }));
  const Lease& lease = read.lease;
  if (lease.actor != call.actor.id) {
    return Error(absl::StatusCode::kPermissionDenied, "LEASE_OF_ANOTHER",
                 "only whom the lease was issued for may renew it");
  }
  const absl::Time now = clock_.Now();
  RETURN_IF_ERROR(CheckRenewable(lease, now));
  const absl::Time until = LeaseEnd(now, ttl.value_or(lease.ttl), lease.max_expires_at);
  if (until <= lease.expires_at) return lease;
  // The target first: what it does not let last longer is not said to. If this is as far as it
  // gets, the login ends by the row as it stands.
  const absl::Time deadline = TargetDeadline(call);
  ASSIGN_OR_RETURN(const auto connection,
                   access_.Connect(call, KeySource::TenantState::kActive, read.target,
                                   {{"lease", id.ToString()}}, deadline));
  RETURN_IF_ERROR(TargetLogins(*connection, deadline).Extend(lease.login, until));
  return Extend(call, lease, until);
}

absl::StatusOr<Lease> LeaseIssuer::Extend(const CallContext& call, const Lease& lease,
                                          absl::Time until) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Lease> {
    ASSIGN_OR_RETURN(
        const bool extended,
        LeaseStore::Extend(tx, call.tenant, lease.id, lease.expires_at, until).Await());
    if (!extended) {
      return Error(absl::StatusCode::kAborted, "CONTENTION",
                   "the lease changed at this moment; look at it and try again");
    }
    Lease renewed = lease;
    renewed.expires_at = until;
    RETURN_IF_ERROR(
        outbox_.AppendAudit(tx, call, LeaseEvent(call, clock_, "lease.renew", renewed)));
    return renewed;
  });
}

}  // namespace kasbah::vault
