#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "absl/synchronization/notification.h"

namespace kasbah::dev {

// Turns SIGINT, SIGTERM and SIGHUP into something that can be waited for. The first asks for a
// clean end; a second ends the process at once (the kernel then ends its children). Make it before
// any thread, one a process.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();

  const absl::Notification& notification() const { return interrupted_; }
  bool interrupted() const { return interrupted_.HasBeenNotified(); }
  void Wait() const { interrupted_.WaitForNotification(); }
  // The signal's number; 0 before.
  int signal() const { return signal_.load(); }

 private:
  void Run();

  absl::Notification interrupted_;
  std::atomic<int> signal_ = 0;
  std::atomic<bool> ending_ = false;
  std::unique_ptr<std::thread> thread_;
};

}  // namespace kasbah::dev
