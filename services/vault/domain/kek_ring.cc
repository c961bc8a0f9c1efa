#include "services/vault/domain/kek_ring.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::vault {
namespace {

constexpr absl::Duration kCheckEvery = absl::Seconds(1);
constexpr absl::Duration kIdle = absl::Minutes(5);
// How long one caller waits for another that is opening the same KEK.
constexpr absl::Duration kOthersWait = absl::Milliseconds(250);
// Seals that hang hold up each other's checks: this many at once.
constexpr size_t kCheckers = 8;

absl::Status Sealed(TenantId tenant, const absl::Status& status) {
  telemetry::LogWarning("a tenant's own seal does not open",
                        {{"tenant", tenant.ToString()}, {"error", status.ToString()}});
  return Error(absl::StatusCode::kUnavailable, "TENANT_SEALED",
               "the tenant's own key does not open its keys; see kasbah tenant-seal check");
}

telemetry::Gauge& TenantsSealed(const char* cause) {
  return telemetry::GetGauge("kasbah_vault_tenants_sealed",
                             "Tenants whose keys were asked for and did not open just now",
                             {{"cause", cause}});
}

}  // namespace

absl::Status ShareProblem(const ShareRef& ref, const absl::Status& status) {
  if (absl::IsDataLoss(status)) return KeyShredded();
  telemetry::LogError("a key share cannot be had", {{"tenant", ref.tenant.ToString()},
                                                    {"share", ref.id.ToString()},
                                                    {"error", status.ToString()}});
  return Error(absl::StatusCode::kUnavailable, "SHARE_UNAVAILABLE",
               "the share that opens these keys cannot be had just now");
}

KekRing::KekRing(ShareStore& shares, TenantSealer& sealer, const Clock& clock)
    : shares_(shares), sealer_(sealer), clock_(clock), checker_([this] { CheckUntilStopped(); }) {}

KekRing::~KekRing() {
  {
    const absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  checker_.join();
}

absl::StatusOr<std::shared_ptr<const Kek>> KekRing::Fetch(TenantId tenant,
                                                          const StoredKek& stored) {
  const ShareRef ref{tenant, stored.share};
  const absl::StatusOr<crypto::SecretBytes> share = shares_.Read(ref);
  if (!share.ok()) return ShareProblem(ref, share.status());
  crypto::SecretBytes half;
  if (stored.seal) {
    ASSIGN_OR_RETURN(half, sealer_.Unwrap(tenant, *stored.seal, stored.sealed_half));
  }
  return std::make_shared<const Kek>(Kek::Of(stored, *share, half));
}

absl::StatusOr<std::shared_ptr<const Kek>> KekRing::OpenNow(TenantId tenant,
                                                            const StoredKek& stored) {
  if (stored.shredded_at) return KeyShredded();
  return Fetch(tenant, stored);
}

absl::StatusOr<std::shared_ptr<const Kek>> KekRing::Open(TenantId tenant, const StoredKek& stored) {
  if (stored.shredded_at) {
    const absl::MutexLock lock(&mutex_);
    entries_.erase(tenant);
    return KeyShredded();
  }
  const auto is_stored = [&](const StoredKek& known) {
    return known.share == stored.share && known.generation == stored.generation;
  };
  {
    const absl::MutexLock lock(&mutex_);
    Entry* entry = &entries_[tenant];
    if (entry->is_opening) {
      const auto opened = [this, tenant] {
        mutex_.AssertReaderHeld();
        const auto it = entries_.find(tenant);
        return it == entries_.end() || !it->second.is_opening;
      };
      mutex_.AwaitWithTimeout(absl::Condition(&opened), kOthersWait);
      entry = &entries_[tenant];
    }
    const absl::Time now = clock_.Now();
    entry->used_at = now;
    if (is_stored(entry->stored)) {
      if (entry->kek != nullptr) return entry->kek;
      if (now - entry->failed_at < kFailedFor) return entry->failure;
    }
    if (entry->is_opening) {
      return Error(absl::StatusCode::kUnavailable, "TENANT_SEALED",
                   "the tenant's own key has not opened its keys yet");
    }
    *entry = Entry();
    entry->stored = stored;
    entry->used_at = now;
    entry->is_opening = true;
  }
  absl::StatusOr<std::shared_ptr<const Kek>> kek = Fetch(tenant, stored);
  if (!kek.ok() && ReasonOf(kek.status()).empty()) kek = Sealed(tenant, kek.status());
  const absl::MutexLock lock(&mutex_);
  Entry& entry = entries_[tenant];
  entry.is_opening = false;
  entry.verified_at = entry.checked_at = clock_.Now();
  if (kek.ok()) {
    entry.kek = *kek;
  } else {
    entry.failure = kek.status();
    entry.failed_at = clock_.Now();
  }
  return kek;
}

absl::StatusOr<Uuid> KekRing::MakeShare(TenantId tenant) {
  const ShareRef ref{tenant, Uuid::V7(clock_.Now())};
  const absl::Status made = shares_.Make(ref).status();
  if (!made.ok()) return ShareProblem(ref, made);
  return ref.id;
}

void KekRing::Check(const Due& due) {
  const absl::StatusOr<std::shared_ptr<const Kek>> again = Fetch(due.tenant, due.stored);
  const absl::Time now = clock_.Now();
  const absl::MutexLock lock(&mutex_);
  const auto it = entries_.find(due.tenant);
  if (it == entries_.end() || it->second.stored.generation != due.stored.generation) return;
  Entry& entry = it->second;
  entry.checked_at = now;
  if (again.ok()) {
    entry.verified_at = now;
    return;
  }
  // A share store that is away destroys nothing; the database says so when something is shredded.
  const bool is_share = !ReasonOf(again.status()).empty();
  const bool waits =
      absl::IsUnavailable(again.status()) && (is_share || now - entry.verified_at < kSealTrusted);
  if (waits) return;
  entry.kek = nullptr;
  entry.failure = is_share ? again.status() : Sealed(due.tenant, again.status());
  entry.failed_at = now;
}

void KekRing::CountSealed(absl::Time now) {
  static telemetry::Gauge& own_seal = TenantsSealed("own seal");
  static telemetry::Gauge& share = TenantsSealed("share");
  int by_seal = 0, by_share = 0;
  for (const auto& [tenant, entry] : entries_) {
    if (entry.failure.ok() || now - entry.failed_at >= kCountedFor) continue;
    const std::string reason = ReasonOf(entry.failure);
    if (reason == "TENANT_SEALED") ++by_seal;
    if (reason == "SHARE_UNAVAILABLE") ++by_share;
  }
  own_seal.Set(by_seal);
  share.Set(by_share);
}

void KekRing::CheckDue() {
  std::vector<Due> due;
  {
    const absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_.Now();
    absl::erase_if(entries_, [&](const auto& entry) {
      return !entry.second.is_opening && now - entry.second.used_at >= kIdle;
    });
    CountSealed(now);
    for (const auto& [tenant, entry] : entries_) {
      const absl::Duration every = entry.stored.seal ? kSealEvery : kShareEvery;
      if (entry.kek != nullptr && now - entry.checked_at >= every) {
        due.push_back({tenant, entry.stored});
      }
    }
  }
  if (due.empty()) return;
  std::atomic<size_t> next = 0;
  const auto check_rest = [&] {
    for (size_t i = next++; i < due.size(); i = next++) Check(due[i]);
  };
  std::vector<std::thread> checkers;
  for (size_t i = 1; i < std::min(kCheckers, due.size()); ++i) checkers.emplace_back(check_rest);
  check_rest();
  for (std::thread& checker : checkers) checker.join();
}

void KekRing::CheckUntilStopped() {
  const absl::MutexLock lock(&mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(&stop_), kCheckEvery)) {
    mutex_.Unlock();
    CheckDue();
    mutex_.Lock();
  }
}

}  // namespace kasbah::vault
