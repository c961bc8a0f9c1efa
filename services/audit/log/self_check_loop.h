#pragma once

#include <thread>

#include "absl/synchronization/mutex.h"
#include "services/audit/log/self_check.h"

namespace kasbah::audit {

// Runs Step at the rate that the options allow, and CheckCursors each minute, on a thread of its
// own.
class SelfCheckLoop {
 public:
  SelfCheckLoop(SelfCheckOptions options, SelfCheck& check);
  ~SelfCheckLoop();

 private:
  void Loop();

  const SelfCheckOptions options_;
  SelfCheck& check_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace kasbah::audit
