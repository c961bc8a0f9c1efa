#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/dev/log_merger.h"
#include "libs/dev/process.h"

namespace kasbah::dev {

// One of the processes, as its supervisor sees it.
struct ServiceState {
  enum class Phase { kStopped, kRunning, kBackoff };
  std::string name;
  Phase phase = Phase::kStopped;
  // 0 while it does not run.
  pid_t pid = 0;
  // Times it ended without being asked to.
  int restarts = 0;
  // "signal 9 (Killed)"; empty before the first.
  std::string last_exit;
  // It refused its settings, so it is not tried again.
  bool bad_settings = false;
};

// Processes that are started again when they end unasked: after 100 ms, doubling to 5 s while they
// keep ending. Not thread safe, and one thread has to do everything: the kernel ends a child with
// the thread that made it.
class ServiceGroup {
 public:
  using Report = std::function<void(std::string_view source, std::string_view line)>;
  // `log` outlives the group. `environment` is every process's.
  ServiceGroup(LogMerger* log, Report report, std::map<std::string, std::string> environment = {})
      : log_(log), report_(std::move(report)), environment_(std::move(environment)) {}
  ServiceGroup(const ServiceGroup&) = delete;
  ServiceGroup& operator=(const ServiceGroup&) = delete;
  // Kills what still runs.
  ~ServiceGroup();

  // One that does not run yet.
  void Add(const std::string& name, std::vector<std::string> arguments);

  absl::Status Start(const std::string& name);
  // SIGTERM, waits, SIGKILL after 15 s; stays down until Start.
  absl::Status Stop(const std::string& name);
  // SIGKILL; it is started again as after any crash.
  absl::Status Kill(const std::string& name);
  // Stop for all, side by side.
  void StopAll();

  // Where output waits to be read.
  std::vector<int> Outputs() const;
  // Reads output, notices ends, starts what is due. True when the states changed.
  bool Tick();
  std::vector<ServiceState> States() const;

 private:
  struct Member {
    std::string name;
    std::vector<std::string> arguments;
    std::optional<Process> process;
    int output = -1;
    absl::Time started;
    absl::Time restart_at = absl::InfiniteFuture();
    absl::Duration backoff;
    // Down because it was asked to be.
    bool held = true;
    int restarts = 0;
    std::string last_exit;
    bool bad_settings = false;
  };

  Member* Find(const std::string& name);
  absl::Status Spawn(Member& member);
  void ReadOutput(Member& member);
  void CloseOutput(Member& member);
  void Reap(Member& member);
  void FinishStop(Member& member);

  LogMerger* log_;
  Report report_;
  const std::map<std::string, std::string> environment_;
  std::vector<Member> members_;
};

}  // namespace kasbah::dev
