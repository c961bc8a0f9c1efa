#include "services/vault/upkeep/rewrapper.h"

#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "libs/telemetry/log.h"
#include "services/vault/store/due_store.h"
#include "services/vault/store/rewrap_store.h"

namespace kasbah::vault {
namespace {

constexpr absl::Duration kPageTimeout = absl::Seconds(20);
constexpr absl::Duration kPause = absl::Seconds(5);
constexpr int kAtOnce = 100;

}  // namespace

Rewrapper::Rewrapper(postgres::Door& door, postgres::Database& database, outbox::Outbox& outbox,
                     const CiphertextHolders& holders, const Clock& clock)
    : door_(door),
      database_(database),
      outbox_(outbox),
      holders_(holders),
      clock_(clock),
      rewrapped_(telemetry::GetCounter("kasbah_vault_rewrapped_total",
                                       "Ciphertexts sealed again under a newer key version")) {}

CallContext Rewrapper::CallFor(TenantId tenant) const {
  return CallContext::ForBackground(std::string(kVaultOwner), tenant, absl::Now() + kPageTimeout);
}

absl::Status Rewrapper::RunOnce(absl::Duration at_most) {
  const absl::Time until = clock_.Now() + at_most;
  ASSIGN_OR_RETURN(const std::vector<DueRewrap> due,
                   door_.Run(absl::Now() + kPageTimeout, [&](postgres::Transaction& tx) {
                     return DueStore::ListRewraps(tx, clock_.Now(), kAtOnce);
                   }));
  absl::Status result;
  for (const DueRewrap& one : due) {
    const absl::Status worked = Work(one.tenant, one.rewrap, until);
    if (worked.ok()) continue;
    // One that is held up does not hold up the others.
    Release(CallFor(one.tenant), one.rewrap, ReasonOf(worked), kPause);
    if (!IsTenantRefused(worked)) result.Update(worked);
  }
  return result;
}

absl::Status Rewrapper::Work(TenantId tenant, RewrapId id, absl::Time until) {
  const CallContext claiming = CallFor(tenant);
  ASSIGN_OR_RETURN(
      std::optional<Rewrap> rewrap,
      database_.WithTenantUnaudited(claiming, postgres::UnauditedToken::ForBookkeeping(),
                                    [&](postgres::Transaction& tx) {
                                      const absl::Time now = clock_.Now();
                                      return RewrapStore::Claim(tx, tenant, id, now, now + kLease);
                                    }));
  if (!rewrap) return absl::OkStatus();
  const auto holder = holders_.find(rewrap->name.owner);
  if (holder == holders_.end()) {
    return Error(absl::StatusCode::kFailedPrecondition, "KEY_REFERENCES_UNKNOWN",
                 "nobody keeps what this key sealed");
  }
  while (true) {
    ASSIGN_OR_RETURN(const bool more, DoPage(tenant, *holder->second, &*rewrap));
    if (!more) return absl::OkStatus();
    if (clock_.Now() >= until) {
      // Others have their turn.
      Release(CallFor(tenant), id, "", absl::ZeroDuration());
      return absl::OkStatus();
    }
  }
}

absl::StatusOr<bool> Rewrapper::DoPage(TenantId tenant, CiphertextHolder& holder, Rewrap* rewrap) {
  const CallContext call = CallFor(tenant);
  ASSIGN_OR_RETURN(
      const CiphertextHolder::Page page,
      holder.Rewrap(call, rewrap->name, rewrap->target_version, rewrap->cursor, kPage));
  rewrapped_.Add(page.rewrapped);
  ASSIGN_OR_RETURN(const bool is_ours,
                   database_.WithTenantUnaudited(call, postgres::UnauditedToken::ForBookkeeping(),
                                                 [&](postgres::Transaction& tx) {
                                                   const absl::Time now = clock_.Now();
                                                   return RewrapStore::Advance(
                                                       tx, call.tenant, rewrap->id, rewrap->cursor,
                                                       page, now, now + kLease);
                                                 }));
  if (!is_ours) return false;
  rewrap->cursor = page.cursor;
  rewrap->seen += page.seen;
  rewrap->rewrapped += page.rewrapped;
  rewrap->failed += page.failed;
  if (!page.is_last) return true;
  RETURN_IF_ERROR(Finish(*rewrap, call));
  return false;
}

absl::Status Rewrapper::Finish(const Rewrap& rewrap, const CallContext& call) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Rewrap held,
                     RewrapStore::GetForUpdate(tx, call.tenant, rewrap.id).Await());
    // Cancelled at the last moment.
    if (held.state != RewrapState::kRunning) return absl::OkStatus();
    RewrapStore::SetState(tx, call.tenant, rewrap.id, RewrapState::kDone, clock_.Now());
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "key.rewrap.finish",
                          {"key", rewrap.key.ToString(), rewrap.name.ToString()},
                          {{"rewrap_id", rewrap.id.ToString()},
                           {"rewrapped", StrCat(rewrap.rewrapped)},
                           {"failed", StrCat(rewrap.failed)}}));
  });
}

void Rewrapper::Release(const CallContext& call, RewrapId id, std::string_view waiting_for,
                        absl::Duration pause) {
  const absl::Status released = database_.WithTenantUnaudited(
      call, postgres::UnauditedToken::ForBookkeeping(), [&](postgres::Transaction& tx) {
        RewrapStore::Release(tx, call.tenant, id, waiting_for, clock_.Now() + pause);
        return absl::OkStatus();
      });
  // The lease ends by itself.
  released.IgnoreError();
}

}  // namespace kasbah::vault
