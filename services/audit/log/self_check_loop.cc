#include "services/audit/log/self_check_loop.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/telemetry/log.h"

namespace kasbah::audit {

SelfCheckLoop::SelfCheckLoop(SelfCheckOptions options, SelfCheck& check)
    : options_(options), check_(check) {
  thread_ = std::thread([this] { Loop(); });
}

SelfCheckLoop::~SelfCheckLoop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void SelfCheckLoop::Loop() {
  constexpr absl::Duration kCursors = absl::Minutes(1);
  absl::Time cursors_at = absl::InfinitePast();
  while (true) {
    absl::Duration pause = absl::Seconds(1);
    const absl::StatusOr<uint64_t> rows = check_.Step();
    if (rows.ok()) {
      pause = absl::Seconds(static_cast<double>(*rows) / options_.rows_per_second);
      if (*rows == 0) pause = absl::Seconds(1);
    } else {
      telemetry::LogWarning("a log's check waits", {{"reason", ReasonOf(rows.status())}});
    }
    if (absl::Now() >= cursors_at) {
      cursors_at = absl::Now() + kCursors;
      if (const absl::Status status = check_.CheckCursors(); !status.ok()) {
        telemetry::LogWarning("the cursors' check waits", {{"reason", ReasonOf(status)}});
      }
    }
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), pause)) return;
  }
}

}  // namespace kasbah::audit
