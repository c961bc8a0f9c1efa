#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::audit {

// Wakes those who follow a log when this process has added to it. What other replicas add they find
// by looking now and then. Thread safe; outlives its watches.
class GrowthSignal {
 public:
  // Each watch holds a stream and its thread, so one tenant may not have all of them.
  static constexpr int kMostWatches = 24;
  static constexpr int kMostWatchesOfATenant = 4;

  class Watch {
   public:
    ~Watch();
    // True as soon as the log has grown since the last call, or the watch was made; false when
    // `patience` passed first.
    bool AwaitGrowth(absl::Duration patience);

   private:
    friend class GrowthSignal;
    Watch(GrowthSignal& signal, TenantId tenant) : signal_(signal), tenant_(tenant) {}

    GrowthSignal& signal_;
    const TenantId tenant_;
    // Guarded by the signal's mutex.
    bool grown_ = false;
  };

  // RESOURCE_EXHAUSTED, TOO_MANY_TAILS.
  absl::StatusOr<std::unique_ptr<Watch>> Follow(TenantId tenant);
  void Grown(const std::vector<TenantId>& tenants);

 private:
  absl::Mutex mutex_;
  std::map<TenantId, std::set<Watch*>> watches_ ABSL_GUARDED_BY(mutex_);
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace kasbah::audit
