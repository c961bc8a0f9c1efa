#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/dev/server_account.h"

namespace kasbah::dev {

// A PostgreSQL program run as its account, in a process group of its own. A thread of this object
// spawns it and stays, because the kernel's parent-death signal follows the thread that forked:
// when this process ends, however it ends, the server gets SIGINT, a fast shutdown.
class ServerProcess {
 public:
  // Output goes to the end of `log_path`.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Spawn(const ServerAccount& account,
                                                              std::vector<std::string> arguments,
                                                              const std::string& log_path);
  // Waits for the end.
  ~ServerProcess();

  pid_t pid() const;
  // waitpid's status once it ended.
  std::optional<int> ended() const;
  bool WaitUntil(absl::Time deadline) const;
  void Signal(int signal) const;
  // SIGKILL to it and its children, and waits until all are gone.
  void KillFamily();

 private:
  struct State;
  explicit ServerProcess(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::dev
