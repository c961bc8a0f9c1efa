#include "services/audit/log/batch_queue.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"

namespace kasbah::audit {

WaitingBatch BatchQueue::PopFront(std::deque<WaitingBatch>* batches) {
  WaitingBatch waiting = std::move(batches->front());
  batches->pop_front();
  return waiting;
}

absl::Status BatchQueue::Push(WaitingBatch waiting) {
  const size_t entries = waiting.batch->entries();
  if (!waiting.batch->is_application()) {
    relays_.push_back(std::move(waiting));
    events_ += entries;
    return absl::OkStatus();
  }
  const TenantId tenant = waiting.batch->events.front().tenant;
  Line& line = lines_[tenant];
  if (line.batches.empty()) {
    turns_.push_back(tenant);
  } else if (line.batches.size() >= kMostBatchesOfATenant ||
             line.events + entries > kMostEventsOfATenant) {
    return WithRetryDelay(Error(absl::StatusCode::kResourceExhausted, "TENANT_BUSY",
                                "the tenant has as many events on their way as it may; send the "
                                "batch again"),
                          absl::Milliseconds(100));
  }
  line.batches.push_back(std::move(waiting));
  line.events += entries;
  events_ += entries;
  return absl::OkStatus();
}

bool BatchQueue::Has(const std::set<CursorKey>& relays) const {
  std::set<CursorKey> waiting;
  for (const WaitingBatch& one : relays_) waiting.insert(one.batch->key);
  return std::includes(waiting.begin(), waiting.end(), relays.begin(), relays.end());
}

std::vector<WaitingBatch> BatchQueue::Take(size_t events) {
  std::vector<WaitingBatch> taken;
  size_t count = 0;
  while (!relays_.empty() && (taken.empty() || count < events)) {
    taken.push_back(PopFront(&relays_));
    count += taken.back().batch->entries();
  }
  const size_t enough = std::max(events, count + events / 2);
  while (!turns_.empty() && (taken.empty() || count < enough)) {
    const TenantId tenant = turns_.front();
    turns_.pop_front();
    Line& line = lines_[tenant];
    taken.push_back(PopFront(&line.batches));
    const size_t entries = taken.back().batch->entries();
    count += entries;
    line.events -= entries;
    if (line.batches.empty()) {
      lines_.erase(tenant);
    } else {
      turns_.push_back(tenant);
    }
  }
  events_ -= count;
  return taken;
}

}  // namespace kasbah::audit
