#include "services/vault/upkeep/lease_keeper.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/vault/store/database_store.h"
#include "services/vault/upkeep/lease_issuer.h"

namespace kasbah::vault {
namespace {

constexpr int kAtOnce = 500;
// Databases at a time: one that hangs costs its own turn.
constexpr size_t kThreads = 8;
// Of one claim, so that a claim outlasts what is done under it.
constexpr size_t kInGroup = 20;
constexpr absl::Duration kTimeout = absl::Seconds(10);

}  // namespace

LeaseKeeper::LeaseKeeper(postgres::Door& door, postgres::Database& database, outbox::Outbox& outbox,
                         const RootKeys& root, TargetAccess& access, const Clock& clock)
    : door_(door),
      database_(database),
      outbox_(outbox),
      root_(root),
      access_(access),
      clock_(clock),
      ended_(telemetry::GetCounter("kasbah_vault_leases_ended_total",
                                   "Logins that were removed from tenants' databases")),
      failed_(telemetry::GetCounter("kasbah_vault_lease_end_failures_total",
                                    "Attempts to remove a login that failed")) {}

CallContext LeaseKeeper::CallFor(TenantId tenant) const {
  return CallContext::ForBackground(std::string(kVaultOwner), tenant, absl::Now() + kTimeout);
}

absl::Status LeaseKeeper::RunOnce() {
  RETURN_IF_ERROR(root_.Ready());
  ASSIGN_OR_RETURN(const std::vector<DueLease> due,
                   door_.Run(absl::Now() + kTimeout, [&](postgres::Transaction& tx) {
                     return DueStore::ListLeases(tx, clock_.Now(), kAtOnce);
                   }));
  std::vector<Group> groups;
  for (const DueLease& one : due) {
    if (groups.empty() || groups.back().tenant != one.tenant ||
        groups.back().database != one.database || groups.back().leases.size() == kInGroup) {
      groups.push_back({one.tenant, one.database, {}});
    }
    groups.back().leases.push_back(one.lease);
  }
  std::atomic<size_t> next{0};
  std::vector<absl::Status> results(groups.size());
  const auto work = [&] {
    for (size_t i = next++; i < groups.size(); i = next++) results[i] = Work(groups[i]);
  };
  std::vector<std::thread> others;
  for (size_t i = 1; i < std::min(kThreads, groups.size()); ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  absl::Status result;
  for (const absl::Status& one : results) result.Update(one);
  return result;
}

absl::Status LeaseKeeper::Work(const Group& group) {
  ASSIGN_OR_RETURN(const std::vector<LeaseId> claimed,
                   door_.Run(absl::Now() + kTimeout, [&](postgres::Transaction& tx) {
                     const absl::Time now = clock_.Now();
                     return DueStore::ClaimLeases(tx, group.tenant, group.leases, now,
                                                  now + kLeaseWork);
                   }));
  if (claimed.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Lease> leases, Mark({group.tenant, group.database, claimed}));
  return leases.empty() ? absl::OkStatus() : EndAll(group.tenant, leases);
}

absl::StatusOr<std::vector<Lease>> LeaseKeeper::Mark(const Group& group) {
  const CallContext call = CallFor(group.tenant);
  std::vector<LeaseId> forgotten;
  ASSIGN_OR_RETURN(
      const std::vector<Lease> leases,
      database_.WithTenantInAnyState(
          call, postgres::AnyStateToken::ForLifecycle(),
          [&](postgres::Transaction& tx) -> absl::StatusOr<std::vector<Lease>> {
            forgotten.clear();
            ASSIGN_OR_RETURN(const std::vector<Lease> held,
                             LeaseStore::GetManyForUpdate(tx, group.tenant, group.leases).Await());
            std::vector<Lease> ending;
            for (Lease lease : held) {
              if (lease.state == LeaseState::kEnded) {
                forgotten.push_back(lease.id);
                continue;
              }
              if (lease.state != LeaseState::kRevoking) {
                const bool is_expired = lease.state == LeaseState::kActive;
                lease.cause = is_expired ? lease_cause::kExpired : lease_cause::kFailed;
                LeaseStore::Revoke(tx, group.tenant, lease.id, lease.cause,
                                   clock_.Now() + kLeaseWork);
                RETURN_IF_ERROR(outbox_.AppendAudit(
                    tx, call,
                    LeaseEvent(call, clock_, is_expired ? "lease.expire" : "lease.abandon",
                               lease)));
              }
              ending.push_back(std::move(lease));
            }
            return ending;
          }));
  Forget(group.tenant, forgotten);
  return leases;
}

void LeaseKeeper::Forget(TenantId tenant, const std::vector<LeaseId>& ids) {
  if (ids.empty()) return;
  // Those of a suspended tenant stay until it is let in again.
  database_
      .WithTenantUnaudited(CallFor(tenant), postgres::UnauditedToken::ForBookkeeping(),
                           [&](postgres::Transaction& tx) {
                             LeaseStore::Forget(tx, tenant, ids);
                             return absl::OkStatus();
                           })
      .IgnoreError();
}

absl::Status LeaseKeeper::EndAll(TenantId tenant, const std::vector<Lease>& leases) {
  const CallContext call = CallFor(tenant);
  const absl::Time deadline = absl::Now() + kTargetTimeout;
  TargetAccess::Attributes attributes;
  if (leases.size() == 1) {
    attributes.emplace_back("lease", leases[0].id.ToString());
  } else {
    attributes.emplace_back("leases", StrCat(leases.size()));
  }
  const auto connect = [&]() -> absl::StatusOr<std::unique_ptr<postgres::ForeignConnection>> {
    ASSIGN_OR_RETURN(const TargetDatabase target,
                     database_.WithTenantInAnyState(call, postgres::AnyStateToken::ForLifecycle(),
                                                    [&](postgres::Transaction& tx) {
                                                      return DatabaseStore::GetById(
                                                          tx, tenant, leases[0].database);
                                                    }));
    return access_.Connect(call, KeySource::TenantState::kAny, target, attributes, deadline);
  };
  const auto connection = connect();
  absl::Status result = connection.status();
  for (const Lease& lease : leases) {
    absl::Status ended = connection.status();
    if (ended.ok()) {
      TargetLogins logins(**connection, deadline);
      ended = EndOne(logins, tenant, lease);
    }
    if (!ended.ok()) PutOff(tenant, lease, ended);
    result.Update(ended);
  }
  return result;
}

absl::Status LeaseKeeper::EndOne(TargetLogins& logins, TenantId tenant, const Lease& lease) {
  const CallContext call = CallFor(tenant);
  // Nothing, and no event, where another replica was quicker.
  const auto note = [&](std::string_view action, const Lease& as, auto change) {
    const absl::Status noted = database_.WithTenantInAnyState(
        call, postgres::AnyStateToken::ForLifecycle(),
        [&](postgres::Transaction& tx) -> absl::Status {
          ASSIGN_OR_RETURN(const bool changed, change(tx).Await());
          if (!changed) return absl::AlreadyExistsError("ended already");
          return outbox_.AppendAudit(tx, call, LeaseEvent(call, clock_, action, as));
        });
    return absl::IsAlreadyExists(noted) ? absl::OkStatus() : noted;
  };
  // Whoever restores an older copy of this database has rows that know nothing of renewals since.
  // The target does: a login that it lets in for longer, within what the role allows, is let live.
  if (lease.cause == lease_cause::kExpired) {
    ASSIGN_OR_RETURN(const std::optional<absl::Time> until, logins.ValidUntil(lease.login));
    if (until && *until > clock_.Now() && *until > lease.expires_at &&
        *until <= lease.max_expires_at) {
      Lease adopted = lease;
      adopted.expires_at = *until;
      return note("lease.adopt", adopted, [&](postgres::Transaction& tx) {
        return LeaseStore::Adopt(tx, tenant, lease.id, *until);
      });
    }
  }
  RETURN_IF_ERROR(logins.Remove(lease.login));
  RETURN_IF_ERROR(note("lease.end", lease, [&](postgres::Transaction& tx) {
    return LeaseStore::End(tx, tenant, lease.id, lease.cause, clock_.Now());
  }));
  ended_.Add();
  return absl::OkStatus();
}

void LeaseKeeper::PutOff(TenantId tenant, const Lease& lease, const absl::Status& why) {
  failed_.Add();
  const std::string reason = ReasonOf(why);
  // What cannot be noted is due again when the claim is over.
  door_
      .Run(absl::Now() + kTimeout,
           [&](postgres::Transaction& tx) {
             DueStore::PutOffLease(tx, tenant, lease.id, clock_.Now() + LeasePause(lease.attempts),
                                   reason.empty() ? "INTERNAL" : reason);
             return absl::OkStatus();
           })
      .IgnoreError();
}

absl::StatusOr<Lease> LeaseKeeper::Finish(TenantId tenant, const Lease& lease) {
  EndAll(tenant, {lease}).IgnoreError();
  return database_.WithTenantInAnyState(
      CallFor(tenant), postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return LeaseStore::Get(tx, tenant, lease.id); });
}

}  // namespace kasbah::vault
