#include "services/audit/sinks/sink_worker.h"

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::audit {
namespace {

constexpr absl::Duration kDatabaseTimeout = absl::Seconds(10);
constexpr absl::Duration kGaugePeriod = absl::Seconds(5);
constexpr absl::Duration kLongestPause = absl::Seconds(5);

}  // namespace

struct SinkWorker::State {
  State(SinkWorkerOptions o, postgres::Door& d, SinkCourier& c) : options(o), door(d), courier(c) {}

  const SinkWorkerOptions options;
  postgres::Door& door;
  SinkCourier& courier;

  absl::Mutex mutex;
  std::deque<sink_queue::Claim> claimed ABSL_GUARDED_BY(mutex);
  int busy ABSL_GUARDED_BY(mutex) = 0;
  bool woken ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  std::thread dispatcher;
  std::vector<std::thread> workers;
  // The dispatcher's own.
  absl::Duration pause;
  absl::Time next_gauge = absl::InfinitePast();

  void Dispatch();
  void Work();
  // How many were claimed.
  absl::StatusOr<size_t> ClaimSome();
  bool Sleep(absl::Duration time);
  void SetGauges();
  void Note(const absl::Status& status);
};

void SinkWorker::State::Dispatch() {
  for (;;) {
    const absl::StatusOr<size_t> count = ClaimSome();
    Note(count.status());
    if (count.ok()) SetGauges();
    if (!Sleep(count.ok() ? options.poll : pause)) return;
  }
}

absl::StatusOr<size_t> SinkWorker::State::ClaimSome() {
  int room;
  {
    const absl::MutexLock lock(&mutex);
    room = options.workers - busy - static_cast<int>(claimed.size());
  }
  if (room <= 0) return size_t{0};
  const absl::Time now = absl::Now();
  absl::StatusOr<std::vector<sink_queue::Claim>> claims =
      door.Run(now + kDatabaseTimeout, [&](postgres::Transaction& tx) {
        return sink_queue::ClaimDue(tx, Uuid::V7(now), options.lease, room);
      });
  if (!claims.ok()) return claims.status();
  const absl::MutexLock lock(&mutex);
  for (sink_queue::Claim& claim : *claims) claimed.push_back(claim);
  return claims->size();
}

// False when it is time to end.
bool SinkWorker::State::Sleep(absl::Duration time) {
  const bool paused = pause > absl::ZeroDuration();
  const auto ready = [this, paused]()
                         ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping || (woken && !paused); };
  const absl::MutexLock lock(&mutex);
  mutex.AwaitWithTimeout(absl::Condition(&ready), time);
  woken = false;
  return !stopping;
}

void SinkWorker::State::Work() {
  const auto ready = [this]()
                         ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping || !claimed.empty(); };
  for (;;) {
    sink_queue::Claim claim;
    {
      const absl::MutexLock lock(&mutex);
      mutex.Await(absl::Condition(&ready));
      // What is claimed and not begun lapses, or is claimed elsewhere then.
      if (stopping) return;
      claim = claimed.front();
      claimed.pop_front();
      ++busy;
    }
    courier.Serve(claim);
    const absl::MutexLock lock(&mutex);
    --busy;
    // There may be more of the same, and there is a thread for it.
    woken = true;
  }
}

void SinkWorker::State::SetGauges() {
  static telemetry::Gauge& events = telemetry::GetGauge(
      "kasbah_audit_sink_lag_events", "Events that the sink furthest behind has not had");
  static telemetry::Gauge& silence = telemetry::GetGauge(
      "kasbah_audit_sink_silence_seconds",
      "How long ago the last success was of the sink that is behind and had none for longest");
  const absl::Time now = absl::Now();
  if (now < next_gauge) return;
  next_gauge = now + kGaugePeriod;
  const absl::StatusOr<sink_queue::Lag> lag = door.Run(
      now + kDatabaseTimeout, [](postgres::Transaction& tx) { return sink_queue::ReadLag(tx); });
  if (!lag.ok()) return;
  events.Set(static_cast<double>(lag->events));
  silence.Set(absl::ToDoubleSeconds(lag->silence));
}

void SinkWorker::State::Note(const absl::Status& status) {
  if (status.ok()) {
    if (pause > absl::ZeroDuration()) telemetry::LogInfo("sinks go on");
    pause = absl::ZeroDuration();
    return;
  }
  if (pause == absl::ZeroDuration()) {
    telemetry::LogWarning("sinks wait", {{"reason", ReasonOf(status)}});
  }
  pause = std::clamp(pause * 2, options.poll, kLongestPause);
}

SinkWorker::SinkWorker(SinkWorkerOptions options, postgres::Door& door, SinkCourier& courier)
    : state_(std::make_unique<State>(options, door, courier)) {
  State* const state = state_.get();
  for (int i = 0; i < options.workers; ++i) {
    state->workers.emplace_back([state] { state->Work(); });
  }
  state->dispatcher = std::thread([state] { state->Dispatch(); });
}

SinkWorker::~SinkWorker() {
  {
    const absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  state_->dispatcher.join();
  for (std::thread& worker : state_->workers) worker.join();
}

void SinkWorker::Wake() {
  const absl::MutexLock lock(&state_->mutex);
  state_->woken = true;
}

}  // namespace kasbah::audit
