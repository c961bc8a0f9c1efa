#include "libs/service/periodic.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/telemetry/log.h"

namespace kasbah::service {

Periodic::Periodic(absl::Duration interval, std::string what, std::function<absl::Status()> work)
    : what_(std::move(what)), work_(std::move(work)) {
  thread_ = std::thread([this, interval] { Loop(interval); });
}

Periodic::~Periodic() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void Periodic::Loop(absl::Duration interval) {
  while (true) {
    Note(work_());
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), interval)) return;
  }
}

void Periodic::Note(const absl::Status& status) {
  if (!status.ok() && !failing_) {
    telemetry::LogWarning(what_, {{"failing", true}, {"reason", ReasonOf(status)}});
  }
  if (status.ok() && failing_) telemetry::LogInfo(what_, {{"failing", false}});
  failing_ = !status.ok();
}

}  // namespace kasbah::service
