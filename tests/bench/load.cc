#include "tests/bench/load.h"

#include <atomic>

#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"

namespace kasbah::bench {
namespace {

struct Loop {
  const std::function<void(int, Done)>& issue;
  absl::Time end;
  absl::BlockingCounter finished;
  std::atomic<int64_t> answered{0};
  std::atomic<int64_t> failed{0};

  void Next(int slot) {
    issue(slot, [this, slot](bool ok) {
      (ok ? answered : failed).fetch_add(1, std::memory_order_relaxed);
      if (absl::Now() >= end) {
        finished.DecrementCount();
      } else {
        Next(slot);
      }
    });
  }
};

}  // namespace

LoadResult RunLoad(int in_flight, absl::Duration duration,
                   const std::function<void(int slot, Done done)>& issue) {
  const absl::Time start = absl::Now();
  Loop loop{issue, start + duration, absl::BlockingCounter(in_flight)};
  for (int slot = 0; slot < in_flight; ++slot) loop.Next(slot);
  loop.finished.Wait();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  return {static_cast<double>(loop.answered.load()) / seconds, loop.failed.load()};
}

}  // namespace kasbah::bench
