#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"

namespace kasbah::rpc {

// A fixed number of threads and a queue that does not grow past its bound. Thread safe.
class Executor {
 public:
  // `name` labels threads and metrics.
  Executor(std::string name, int threads, int queue_bound);
  // Runs what is queued, then joins.
  ~Executor();

  // False, and `task` untouched by anyone, when the queue is full or the executor stops.
  [[nodiscard]] bool TrySubmit(absl::AnyInvocable<void()> task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::rpc
