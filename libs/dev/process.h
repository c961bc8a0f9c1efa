#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kasbah::dev {

// How a process ended.
struct Exit {
  // -1 when a signal ended it.
  int code = -1;
  // 0 when it ended by itself.
  int signal = 0;

  bool clean() const { return code == 0; }
  // "exit code 1", "signal 9 (Killed)".
  std::string ToString() const;
};

// A child in a process group of its own, so that a Ctrl-C on the terminal reaches only us, who then
// end it in order. The kernel kills it when the thread that spawned it ends, however that ends:
// spawn from a thread that lives as long as the child should.
class Process {
 public:
  struct Options {
    // The binary's path, then what it is given.
    std::vector<std::string> arguments = {};
    // Set beside our own environment. Nothing that begins with KASBAH_ is inherited: a service
    // reads settings from there, and what the caller of the command line has set is not meant for
    // it.
    std::map<std::string, std::string> environment = {};
    // Where its standard output and error go; -1: nowhere. Stays the caller's.
    int output = -1;
    // Goes on when we end, without our terminal: for what is meant to stay.
    bool detached = false;
  };
  // FAILED_PRECONDITION, naming the binary, when it cannot be run.
  static absl::StatusOr<Process> Spawn(const Options& options);

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // SIGKILL and reaps, unless it ended or is detached.
  ~Process();

  pid_t pid() const { return pid_; }
  // Empty while it runs. The same answer from then on.
  std::optional<Exit> Poll();
  // Until it ended, or empty at the deadline.
  std::optional<Exit> Wait(absl::Time deadline);
  // To this process alone; nothing when it ended.
  void Signal(int signal);

 private:
  Process(pid_t pid, bool detached) : pid_(pid), detached_(detached) {}

  pid_t pid_ = -1;
  bool detached_ = false;
  std::optional<Exit> exit_;
};

}  // namespace kasbah::dev
