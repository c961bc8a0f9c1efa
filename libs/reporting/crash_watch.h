#pragma once

#include <functional>
#include <string_view>

namespace kasbah::reporting {

// Until it is destroyed, a signal that ends this process of a fault (SIGABRT, SIGSEGV, SIGBUS,
// SIGFPE, SIGILL) is first told to `report`, on a thread that waits for nothing else, while the one
// that crashed stands still; two seconds at the most, then the process ends as it would have. So
// `report` may allocate and speak to others: if the crash holds what it needs, it is not told.
// One of a process at a time. Does not see a stack that overflowed.
class CrashWatch {
 public:
  using Report = std::function<void(std::string_view signal, std::string_view note)>;
  explicit CrashWatch(Report report);
  ~CrashWatch();
  CrashWatch(const CrashWatch&) = delete;
  CrashWatch& operator=(const CrashWatch&) = delete;

 private:
  struct State;
  State* state_;
};

}  // namespace kasbah::reporting
