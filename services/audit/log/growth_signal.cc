#include "services/audit/log/growth_signal.h"

#include "libs/base/error.h"

namespace kasbah::audit {

GrowthSignal::Watch::~Watch() {
  absl::MutexLock lock(&signal_.mutex_);
  const auto found = signal_.watches_.find(tenant_);
  found->second.erase(this);
  if (found->second.empty()) signal_.watches_.erase(found);
  --signal_.count_;
}

bool GrowthSignal::Watch::AwaitGrowth(absl::Duration patience) {
  absl::MutexLock lock(&signal_.mutex_);
  const bool grown = signal_.mutex_.AwaitWithTimeout(absl::Condition(&grown_), patience);
  grown_ = false;
  return grown;
}

absl::StatusOr<std::unique_ptr<GrowthSignal::Watch>> GrowthSignal::Follow(TenantId tenant) {
  absl::MutexLock lock(&mutex_);
  std::set<Watch*>& own = watches_[tenant];
  if (count_ >= kMostWatches || own.size() >= static_cast<size_t>(kMostWatchesOfATenant)) {
    if (own.empty()) watches_.erase(tenant);
    return WithRetryDelay(Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_TAILS",
                                "the log is followed by as many as may; try again later"),
                          absl::Seconds(5));
  }
  std::unique_ptr<Watch> watch(new Watch(*this, tenant));
  own.insert(watch.get());
  ++count_;
  return watch;
}

void GrowthSignal::Grown(const std::vector<TenantId>& tenants) {
  absl::MutexLock lock(&mutex_);
  if (count_ == 0) return;
  for (const TenantId& tenant : tenants) {
    const auto found = watches_.find(tenant);
    if (found == watches_.end()) continue;
    for (Watch* watch : found->second) watch->grown_ = true;
  }
}

}  // namespace kasbah::audit
