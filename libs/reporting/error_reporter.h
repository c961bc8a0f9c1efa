#pragma once

#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/reporting/collector.h"
#include "libs/reporting/origin.h"
#include "libs/reporting/sentry_event.h"
#include "libs/telemetry/log.h"

namespace kasbah::reporting {

// Sends the process's error lines to Sentry, on a thread of its own: each message at once, and
// again a minute later at the earliest, with the number of times that it came in between. At most
// 64 wait. Sentry's protocol knows no second try: what it does not take is dropped and counted, and
// while it asks for quiet nothing is sent.
class ErrorReporter {
 public:
  ErrorReporter(Origin origin, std::unique_ptr<Collector> collector, const Clock& clock);
  // Waits until what is left is sent or the time that Stop named is over.
  ~ErrorReporter();

  // An error line. Never blocks.
  void Note(std::string_view message, std::initializer_list<telemetry::LogField> fields);
  // The process ends of `signal`: reported past every limit, before this returns.
  void ReportCrash(std::string_view signal, std::string_view note);

  // Sends what waits, as far as that is done by `until`. Does not wait for it.
  void Stop(absl::Time until);

 private:
  struct Message {
    absl::Time quiet_until = absl::InfinitePast();
    uint64_t repeats = 0;
  };

  void Loop();
  void Send(const ErrorReport& report);

  const Origin origin_;
  const Clock& clock_;
  const std::unique_ptr<Collector> collector_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<std::string, Message> messages_ ABSL_GUARDED_BY(mutex_);
  std::deque<ErrorReport> waiting_ ABSL_GUARDED_BY(mutex_);
  absl::Time paused_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  // The thread's own: whether the last report got no answer, so that a row of them is one line.
  bool failing_ = false;
  std::thread thread_;
};

}  // namespace kasbah::reporting
