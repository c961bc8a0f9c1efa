#include "libs/reporting/error_reporter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"
#include "libs/reporting/sentry_limits.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::reporting {
namespace {

constexpr absl::Duration kQuiet = absl::Minutes(1);
constexpr size_t kMostWaiting = 64;
// Messages are fixed texts of the program: far fewer than this.
constexpr size_t kMostMessages = 1024;

void Drop(const char* cause, uint64_t reports = 1) {
  telemetry::GetCounter("kasbah_telemetry_errors_dropped_total",
                        "Error reports that did not reach Sentry", {{"cause", cause}})
      .Add(reports);
}

void CountReported(uint64_t reports) {
  static telemetry::Counter& reported = telemetry::GetCounter(
      "kasbah_telemetry_errors_reported_total", "Error reports that Sentry took");
  reported.Add(reports);
}

std::string NewEventId(absl::Time now) {
  return absl::StrReplaceAll(Uuid::V7(now).ToString(), {{"-", ""}});
}

}  // namespace

ErrorReporter::ErrorReporter(Origin origin, std::unique_ptr<Collector> collector,
                             const Clock& clock)
    : origin_(std::move(origin)), clock_(clock), collector_(std::move(collector)) {
  // There from the start, so that a rate can be taken.
  CountReported(0);
  for (const char* cause : {"no answer", "refused", "rate limited", "stopped", "queue full"}) {
    Drop(cause, 0);
  }
  thread_ = std::thread([this] { Loop(); });
}

ErrorReporter::~ErrorReporter() {
  if (!collector_->stopping()) Stop(absl::Now());
  thread_.join();
}

void ErrorReporter::Note(std::string_view text,
                         std::initializer_list<telemetry::LogField> fields) {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  if (stopping_) return Drop("stopped");
  const std::string key(text);
  auto found = messages_.find(key);
  if (found == messages_.end()) {
    if (messages_.size() >= kMostMessages) return Drop("too many messages");
    found = messages_.emplace(key, Message()).first;
  }
  Message& message = found->second;
  if (now < message.quiet_until) {
    ++message.repeats;
    return;
  }
  if (waiting_.size() >= kMostWaiting) return Drop("queue full");
  message.quiet_until = now + kQuiet;
  waiting_.push_back({.id = NewEventId(now),
                      .time = now,
                      .message = key,
                      .tags = TagsOf(fields),
                      .repeats = std::exchange(message.repeats, 0)});
}

void ErrorReporter::ReportCrash(std::string_view signal, std::string_view note) {
  const absl::Time now = clock_.Now();
  ErrorReport report{.id = NewEventId(now),
                     .time = now,
                     .message = note.empty() ? "the process crashed"
                                             : StrCat("broken invariant at ", note),
                     .fatal = true,
                     .tags = TagsOf({{"signal", signal}})};
  // The limit on errors is not for what will not come again.
  (void)collector_->Post(EncodeEnvelope(origin_, report, now));
}

void ErrorReporter::Stop(absl::Time until) {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  collector_->Stop(until);
}

void ErrorReporter::Loop() {
  const auto wanted = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stopping_ || !waiting_.empty();
  };
  while (true) {
    ErrorReport report;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&wanted));
      if (waiting_.empty()) return;
      report = std::move(waiting_.front());
      waiting_.pop_front();
      if (clock_.Now() < paused_until_) {
        Drop("rate limited");
        continue;
      }
    }
    Send(report);
  }
}

void ErrorReporter::Send(const ErrorReport& report) {
  const auto response = collector_->Post(EncodeEnvelope(origin_, report, clock_.Now()));
  if (!response.ok()) {
    if (!failing_) {
      telemetry::LogWarning("an error report was not sent",
                            {{"reason", ReasonOf(response.status())}});
    }
    failing_ = true;
    return Drop("no answer");
  }
  failing_ = false;
  const absl::Time now = clock_.Now();
  if (const absl::Duration pause = SentryPause(*response, now); pause > absl::ZeroDuration()) {
    absl::MutexLock lock(&mutex_);
    paused_until_ = now + pause;
  }
  if (response->status >= 200 && response->status <= 299) return CountReported(1);
  Drop(response->status == 429 ? "rate limited" : "refused");
}

}  // namespace kasbah::reporting
