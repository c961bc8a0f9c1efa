#pragma once

#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace kasbah::service {

// Calls `work` on a thread of its own, at once and then `interval` after each call ended, until it
// is destroyed. Logs, as `what`, the first failure of a row of them and the recovery, not each.
class Periodic {
 public:
  Periodic(absl::Duration interval, std::string what, std::function<absl::Status()> work);
  // Waits for a call under way.
  ~Periodic();

 private:
  void Loop(absl::Duration interval);
  void Note(const absl::Status& status);

  const std::string what_;
  const std::function<absl::Status()> work_;
  // The thread's own.
  bool failing_ = false;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace kasbah::service
