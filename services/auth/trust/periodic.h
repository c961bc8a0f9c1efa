#pragma once

#include <functional>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace kasbah::auth {

// Calls `work` on a thread of its own, at once and then `interval` after each call ended, until it
// is destroyed.
class Periodic {
 public:
  Periodic(absl::Duration interval, std::function<void()> work);
  // Waits for a call under way.
  ~Periodic();

 private:
  void Loop(absl::Duration interval);

  std::function<void()> work_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace kasbah::auth
