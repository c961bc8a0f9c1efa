#include "services/auth/trust/periodic.h"

#include <utility>

namespace kasbah::auth {

Periodic::Periodic(absl::Duration interval, std::function<void()> work) : work_(std::move(work)) {
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
    work_();
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), interval)) return;
  }
}

}  // namespace kasbah::auth
