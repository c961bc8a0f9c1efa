#include "services/audit/log/flusher.h"

#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"
#include "services/audit/log/batch_queue.h"

namespace kasbah::audit {
namespace {

using Outcome = absl::StatusOr<FlushReport::Outcome>;

// So many times FlusherOptions::events may be in one transaction, where they wait.
constexpr size_t kMostFlushes = 2;
// What part of a flush's own time is waited for those that it answered.
constexpr int64_t kPatience = 10;

// Whoever waits for a batch.
struct Waiter {
  absl::Mutex mutex;
  std::optional<Outcome> outcome ABSL_GUARDED_BY(mutex);
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
  std::vector<WaitingBatch> Gather();
  void Run(const std::vector<WaitingBatch>& taken);
  void Count(const FlushReport& report);

  bool HasWork() const { return !queue.empty() || stopping; }
  bool IsFull() const { return queue.events() >= options.events || stopping; }
  bool HasCompany() const {
    return queue.events() >= kMostFlushes * options.events || stopping || queue.Has(company);
  }

  const FlusherOptions options;
  postgres::Door& door;
  const Clock& clock;
  const std::function<void(const std::vector<TenantId>&)> on_grown;
  Metrics metrics;

  absl::Mutex mutex;
  BatchQueue queue;
  bool stopping = false;
  // Relays that the last flush answered, and how long they are waited for.
  std::set<CursorKey> company;
  absl::Duration patience;
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
  // Outlives this where the deadline comes first.
  auto waiter = std::make_shared<Waiter>();
  Submit(std::move(batch), [waiter](Outcome outcome) {
    absl::MutexLock lock(&waiter->mutex);
    waiter->outcome = std::move(outcome);
  });
  absl::MutexLock lock(&waiter->mutex);
  const bool done = waiter->mutex.AwaitWithDeadline(
      absl::Condition(
          +[](Waiter* w) { return w->outcome.has_value(); }, waiter.get()),
      deadline);
  if (!done) {
    return Error(absl::StatusCode::kDeadlineExceeded, reason::kDeadlineExceeded,
                 "the batch was not committed in time; send it again");
  }
  return *std::move(waiter->outcome);
}

void Flusher::Submit(std::shared_ptr<const Batch> batch, std::function<void(Outcome)> done) {
  absl::Status refused;
  {
    absl::MutexLock lock(&state_->mutex);
    refused = state_->stopping
                  ? Error(absl::StatusCode::kUnavailable, "DRAINING", "the service is stopping")
                  : state_->queue.Push({std::move(batch), done});
  }
  if (!refused.ok()) done(std::move(refused));
}

void Flusher::State::Loop() {
  while (true) {
    const std::vector<WaitingBatch> taken = Gather();
    if (taken.empty()) return;
    Run(taken);
  }
}

// Waits for a batch, then for more until enough is there; nothing when it is time to stop.
std::vector<WaitingBatch> Flusher::State::Gather() {
  absl::MutexLock lock(&mutex);
  mutex.Await(absl::Condition(this, &State::HasWork));
  mutex.AwaitWithTimeout(absl::Condition(this, &State::IsFull), options.interval);
  // A relay has one batch on its way: whoever was just answered is about to send the next. Without
  // a moment's wait two of them would take turns, each locking and writing the same logs' heads.
  mutex.AwaitWithTimeout(absl::Condition(this, &State::HasCompany), patience);
  std::vector<WaitingBatch> taken = queue.Take(kMostFlushes * options.events);
  company.clear();
  for (const WaitingBatch& waiting : taken) {
    if (!waiting.batch->is_application()) company.insert(waiting.batch->key);
  }
  return taken;
}

void Flusher::State::Run(const std::vector<WaitingBatch>& taken) {
  std::vector<std::shared_ptr<const Batch>> batches;
  for (const WaitingBatch& waiting : taken) batches.push_back(waiting.batch);
  const absl::Time start = absl::Now();
  const absl::StatusOr<FlushReport> report =
      door.Run(start + options.transaction_timeout,
               [&](postgres::Transaction& tx) { return FlushBatches(tx, batches, clock.Now()); });
  const absl::Duration took = absl::Now() - start;
  metrics.seconds.Observe(absl::ToDoubleSeconds(took));
  patience = took / kPatience;
  for (size_t i = 0; i < taken.size(); ++i) {
    if (!report.ok()) {
      taken[i].done(report.status());
    } else if (!report->outcomes[i].status.ok()) {
      taken[i].done(report->outcomes[i].status);
    } else {
      taken[i].done(report->outcomes[i]);
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
