#include "libs/telemetry/span.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <iterator>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "libs/telemetry/metrics.h"
#include "libs/telemetry/trace.h"

namespace kasbah::telemetry {
namespace {

struct Queue {
  std::atomic<bool> open{false};
  std::atomic<double> root_ratio{0};
  absl::Mutex mutex;
  size_t bound ABSL_GUARDED_BY(mutex) = 0;
  std::deque<Span> spans ABSL_GUARDED_BY(mutex);
};

// For the life of the process, since a call may end until the end.
Queue& TheQueue() {
  static Queue& queue = *new Queue;
  return queue;
}

Counter& Dropped() {
  static Counter& dropped =
      GetCounter("kasbah_telemetry_spans_dropped_total", "Spans that reached no collector",
                 {{"cause", "queue full"}});
  return dropped;
}

}  // namespace

void OpenSpans(size_t bound, double root_ratio) {
  Dropped();
  Queue& queue = TheQueue();
  absl::MutexLock lock(&queue.mutex);
  queue.bound = bound;
  queue.spans.clear();
  queue.root_ratio = root_ratio;
  queue.open = true;
}

void CloseSpans() {
  Queue& queue = TheQueue();
  absl::MutexLock lock(&queue.mutex);
  queue.open = false;
  queue.root_ratio = 0;
}

std::string StartSpan(std::string_view parent) {
  return ChildTraceparent(parent, TheQueue().root_ratio.load(std::memory_order_relaxed));
}

bool KeepsSpan(std::string_view traceparent) {
  return TheQueue().open.load(std::memory_order_relaxed) && IsSampled(traceparent);
}

void RecordSpan(Span span) {
  if (!KeepsSpan(span.traceparent)) return;
  Queue& queue = TheQueue();
  {
    absl::MutexLock lock(&queue.mutex);
    if (!queue.open) return;
    if (queue.spans.size() < queue.bound) {
      queue.spans.push_back(std::move(span));
      return;
    }
  }
  Dropped().Add();
}

std::vector<Span> TakeSpans(size_t most, absl::Duration patience) {
  Queue& queue = TheQueue();
  const auto due = [&queue, most]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return !queue.open || queue.spans.size() >= std::min(most, queue.bound);
  };
  absl::MutexLock lock(&queue.mutex);
  queue.mutex.AwaitWithTimeout(absl::Condition(&due), patience);
  const auto end =
      queue.spans.begin() + static_cast<std::ptrdiff_t>(std::min(most, queue.spans.size()));
  std::vector<Span> taken(std::make_move_iterator(queue.spans.begin()),
                          std::make_move_iterator(end));
  queue.spans.erase(queue.spans.begin(), end);
  return taken;
}

}  // namespace kasbah::telemetry
