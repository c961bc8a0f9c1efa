#include "services/webhook/delivery/outcome_recorder.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/telemetry/log.h"

namespace kasbah::webhook {
namespace {

constexpr absl::Duration kWriteTimeout = absl::Seconds(5);
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(2);

}  // namespace

OutcomeRecorder::OutcomeRecorder(postgres::Door& queue,
                                 std::function<void(const std::vector<Completion>&)> recorded)
    : queue_(queue), recorded_(std::move(recorded)), thread_([this] { Loop(); }) {}

OutcomeRecorder::~OutcomeRecorder() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void OutcomeRecorder::Add(Completion completion) {
  absl::MutexLock lock(&mutex_);
  waiting_.push_back(std::move(completion));
}

void OutcomeRecorder::Loop() {
  const auto ready = [this]()
                         ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || !waiting_.empty(); };
  for (;;) {
    std::vector<Completion> batch;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&ready));
      batch.swap(waiting_);
      if (batch.empty()) return;
    }
    if (!Write(batch)) return;
    recorded_(batch);
  }
}

bool OutcomeRecorder::Write(const std::vector<Completion>& completions) {
  absl::Duration pause = kFirstPause;
  for (;;) {
    // Written twice it is the same: the claim is gone, the attempts have their ids.
    const absl::StatusOr<int64_t> held =
        queue_.Run(absl::Now() + kWriteTimeout,
                   [&](postgres::Transaction& tx) { return store_.Complete(tx, completions); });
    if (held.ok()) {
      if (const int64_t lost = static_cast<int64_t>(completions.size()) - *held; lost > 0) {
        telemetry::LogWarning("deliveries had been claimed again before their outcome was written",
                              {{"count", lost}});
      }
      return true;
    }
    telemetry::LogWarning(
        "outcomes of deliveries wait to be written",
        {{"count", static_cast<int64_t>(completions.size())}, {"reason", ReasonOf(held.status())}});
    const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping), pause)) return false;
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace kasbah::webhook
