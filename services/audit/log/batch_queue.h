#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "services/audit/log/batch.h"
#include "services/audit/log/flush.h"

namespace kasbah::audit {

// A batch and whoever is told how it went.
struct WaitingBatch {
  std::shared_ptr<const Batch> batch;
  std::function<void(absl::StatusOr<FlushReport::Outcome>)> done;
};

// Batches on their way into a flush. A relay has one at a time, so relays share by themselves;
// tenants' applications send as they please, so each tenant has a line of its own, bounded, and the
// lines take turns. Relays come first, applications get at least half a flush beside them. Not
// thread safe.
class BatchQueue {
 public:
  // What one tenant may have waiting; a first batch always may.
  static constexpr size_t kMostBatchesOfATenant = 64;
  static constexpr size_t kMostEventsOfATenant = 4000;

  // RESOURCE_EXHAUSTED, TENANT_BUSY, taking nothing, for a tenant whose line is full.
  absl::Status Push(WaitingBatch waiting);
  // About `events` in whole batches, at least one batch.
  std::vector<WaitingBatch> Take(size_t events);

  // Whether each of `relays` has a batch waiting.
  bool Has(const std::set<CursorKey>& relays) const;
  bool empty() const { return relays_.empty() && turns_.empty(); }
  size_t events() const { return events_; }

 private:
  struct Line {
    std::deque<WaitingBatch> batches;
    size_t events = 0;
  };
  static WaitingBatch PopFront(std::deque<WaitingBatch>* batches);

  std::deque<WaitingBatch> relays_;
  std::map<TenantId, Line> lines_;
  // Tenants with a line, in the order of their turns.
  std::deque<TenantId> turns_;
  size_t events_ = 0;
};

}  // namespace kasbah::audit
