#include "libs/dev/server_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::dev {
namespace {

// In the child, so only async-signal-safe calls.
[[noreturn]] void Exec(const ServerAccount& account, char* const* arguments,
                       char* const* environment, int log, int null, pid_t parent) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal_number : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGPIPE, SIGCHLD}) {
    signal(signal_number, SIG_DFL);
  }
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  close_range(STDERR_FILENO + 1, ~0U, 0);
  // After the change of user, which clears it.
  if (!account.Become() || prctl(PR_SET_PDEATHSIG, SIGINT) != 0) _exit(126);
  if (getppid() != parent) _exit(125);
  umask(077);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// The parent of a process: the field after the name, which may hold anything, and the state.
pid_t ParentOf(const std::string& proc_directory) {
  std::ifstream file(proc_directory + "/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  const std::vector<std::string> fields = absl::StrSplit(line.substr(name_end + 1), ' ');
  int parent = 0;
  return fields.size() > 2 && absl::SimpleAtoi(fields[2], &parent) ? parent : 0;
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    int pid = 0;
    if (absl::SimpleAtoi(entry.path().filename().string(), &pid) &&
        ParentOf(entry.path()) == parent) {
      children.push_back(pid);
    }
  }
  return children;
}

}  // namespace

struct ServerProcess::State {
  void Keep(const ServerAccount& account, const std::vector<std::string>& arguments, int log,
            int null);

  mutable absl::Mutex mutex;
  // 0: not yet; -1: fork failed.
  pid_t pid ABSL_GUARDED_BY(mutex) = 0;
  std::optional<int> status ABSL_GUARDED_BY(mutex);
  std::thread keeper;
};

void ServerProcess::State::Keep(const ServerAccount& account,
                                const std::vector<std::string>& arguments, int log, int null) {
  const std::vector<std::string> environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) Exec(account, argv.data(), envp.data(), log, null, parent);
  close(log);
  close(null);
  {
    absl::MutexLock lock(&mutex);
    pid = child;
  }
  if (child < 0) return;
  // Reaped under the lock only: until then the pid is nobody else's, and Signal may use it.
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  absl::MutexLock lock(&mutex);
  int ended = 0;
  waitpid(child, &ended, 0);
  status = ended;
}

ServerProcess::ServerProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}

ServerProcess::~ServerProcess() { state_->keeper.join(); }

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Spawn(
    const ServerAccount& account, std::vector<std::string> arguments, const std::string& log_path) {
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return FileError("write", log_path, errno);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  auto state = std::make_unique<State>();
  state->keeper = std::thread([state = state.get(), account, arguments = std::move(arguments), log,
                               null] { state->Keep(account, arguments, log, null); });
  bool failed = false;
  {
    absl::MutexLock lock(&state->mutex);
    state->mutex.Await(absl::Condition(
        +[](State* s) { return s->pid != 0; }, state.get()));
    failed = state->pid < 0;
  }
  std::unique_ptr<ServerProcess> process(new ServerProcess(std::move(state)));
  if (failed) return absl::FailedPreconditionError("cannot start another process");
  return process;
}

pid_t ServerProcess::pid() const {
  absl::MutexLock lock(&state_->mutex);
  return state_->pid;
}

std::optional<int> ServerProcess::ended() const {
  absl::MutexLock lock(&state_->mutex);
  return state_->status;
}

bool ServerProcess::WaitUntil(absl::Time deadline) const {
  absl::MutexLock lock(&state_->mutex);
  return state_->mutex.AwaitWithDeadline(
      absl::Condition(
          +[](State* s) { return s->status.has_value(); }, state_.get()),
      deadline);
}

void ServerProcess::Signal(int signal) const {
  absl::MutexLock lock(&state_->mutex);
  if (!state_->status.has_value()) kill(state_->pid, signal);
}

void ServerProcess::KillFamily() {
  // Stopped, it makes no more children while we look.
  Signal(SIGSTOP);
  const std::vector<pid_t> children =
      ended().has_value() ? std::vector<pid_t>() : ChildrenOf(pid());
  for (const pid_t child : children) kill(child, SIGKILL);
  Signal(SIGKILL);
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  WaitUntil(deadline);
  for (const pid_t child : children) {
    // Whoever adopted it reaps it.
    while (kill(child, 0) == 0 && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
  }
}

}  // namespace kasbah::dev
