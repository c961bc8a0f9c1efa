#include "services/audit/log/flusher.h"

#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::audit {
namespace {

using Outcome = absl::StatusOr<FlushReport::Outcome>;

// A batch and whoever waits for it.
struct Waiting {
  std::shared_ptr<const Batch> batch;
  std::optional<Outcome> outcome;
};

struct Metrics {
  telemetry::Counter& events =
      telemetry::GetCounter("kasbah_audit_events_total", "Events added to the logs");
  telemetry::Counter& flushes =
      telemetry::GetCounter("kasbah_audit_flushes_total", "Transactions that added events");
  telemetry::Counter& quarantined = telemetry::GetCounter(
      "kasbah_audit_quarantined_total", "Entries kept aside because they could not be logged");
  telemetry::Counter& damaged = telemetry::GetCounter(
      "kasbah_audit_damaged_total", "Times a log was not what had been written: look at once");
  telemetry::Histogram& seconds =
      telemetry::GetHistogram("kasbah_audit_flush_seconds", "Length of a flush");
};

}  // namespace

struct Flusher::State {
  State(FlusherOptions o, postgres::Door& d, const Clock& c,
        std::function<void(const std::vector<TenantId>&)> grown)
      : options(o), door(d), clock(c), on_grown(std::move(grown)) {}

  void Loop();
  std::vector<std::shared_ptr<Waiting>> Gather();
  void Run(const std::vector<std::shared_ptr<Waiting>>& taken);
  void Count(const FlushReport& report);

  bool HasWork() const { return !queue.empty() || stopping; }
  bool IsFull() const { return queued_events >= options.events || stopping; }

  const FlusherOptions options;
  postgres::Door& door;
  const Clock& clock;
  const std::function<void(const std::vector<TenantId>&)> on_grown;
  Metrics metrics;

  absl::Mutex mutex;
  std::deque<std::shared_ptr<Waiting>> queue;
  size_t queued_events = 0;
  bool stopping = false;
  std::thread thread;
};

Flusher::Flusher(FlusherOptions options, postgres::Door& door, const Clock& clock,
                 std::function<void(const std::vector<TenantId>&)> on_grown)
    : state_(std::make_unique<State>(options, door, clock, std::move(on_grown))) {
  state_->thread = std::thread([state = state_.get()] { state->Loop(); });
}

Flusher::~Flusher() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  state_->thread.join();
}

absl::StatusOr<FlushReport::Outcome> Flusher::Apply(std::shared_ptr<const Batch> batch,
                                                    absl::Time deadline) {
  auto waiting = std::make_shared<Waiting>();
  waiting->batch = std::move(batch);
  absl::MutexLock lock(&state_->mutex);
  if (state_->stopping) {
    return Error(absl::StatusCode::kUnavailable, "DRAINING", "the service is stopping");
  }
  state_->queue.push_back(waiting);
  state_->queued_events += waiting->batch->entries();
  const bool done = state_->mutex.AwaitWithDeadline(
      absl::Condition(
          +[](Waiting* w) { return w->outcome.has_value(); }, waiting.get()),
      deadline);
  if (!done) {
    return Error(absl::StatusCode::kDeadlineExceeded, reason::kDeadlineExceeded,
                 "the batch was not committed in time; send it again");
  }
  return *std::move(waiting->outcome);
}

void Flusher::State::Loop() {
  while (true) {
    const std::vector<std::shared_ptr<Waiting>> taken = Gather();
    if (taken.empty()) return;
    Run(taken);
  }
}

// Waits for a batch, then for more until enough is there; nothing when it is time to stop.
std::vector<std::shared_ptr<Waiting>> Flusher::State::Gather() {
  std::vector<std::shared_ptr<Waiting>> taken;
  absl::MutexLock lock(&mutex);
  mutex.Await(absl::Condition(this, &State::HasWork));
  mutex.AwaitWithTimeout(absl::Condition(this, &State::IsFull), options.interval);
  size_t events = 0;
  while (!queue.empty() && (taken.empty() || events < options.events)) {
    events += queue.front()->batch->entries();
    taken.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  queued_events -= events;
  return taken;
}

void Flusher::State::Run(const std::vector<std::shared_ptr<Waiting>>& taken) {
  std::vector<std::shared_ptr<const Batch>> batches;
  for (const auto& waiting : taken) batches.push_back(waiting->batch);
  const absl::Time start = absl::Now();
  const absl::StatusOr<FlushReport> report =
      door.Run(start + options.transaction_timeout,
               [&](postgres::Transaction& tx) { return FlushBatches(tx, batches, clock.Now()); });
  metrics.seconds.Observe(absl::ToDoubleSeconds(absl::Now() - start));
  {
    absl::MutexLock lock(&mutex);
    for (size_t i = 0; i < taken.size(); ++i) {
      if (!report.ok()) {
        taken[i]->outcome = report.status();
      } else if (!report->outcomes[i].status.ok()) {
        taken[i]->outcome = report->outcomes[i].status;
      } else {
        taken[i]->outcome = report->outcomes[i];
      }
    }
  }
  if (report.ok()) {
    Count(*report);
    if (!report->grown.empty()) on_grown(report->grown);
  } else {
    telemetry::LogWarning("a flush was not committed",
                          {{"code", absl::StatusCodeToString(report.status().code())},
                           {"reason", ReasonOf(report.status())}});
  }
}

void Flusher::State::Count(const FlushReport& report) {
  metrics.flushes.Add();
  metrics.events.Add(report.events);
  metrics.damaged.Add(report.damaged);
  metrics.quarantined.Add(report.quarantined);
  if (report.quarantined > 0) {
    telemetry::LogError("entries stand in quarantine",
                        {{"entries", static_cast<uint64_t>(report.quarantined)}});
  }
}

}  // namespace kasbah::audit
