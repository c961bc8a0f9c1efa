#include "libs/dev/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "libs/base/strings.h"

extern char** environ;

namespace kasbah::dev {
namespace {

// What the child needs between fork and exec, where nothing may be allocated: other threads may
// hold the allocator's lock.
struct Image {
  std::vector<std::string> strings;
  std::vector<char*> arguments;
  std::vector<char*> environment;
};

Image Prepare(const Process::Options& options) {
  Image image;
  image.strings = options.arguments;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!absl::StartsWith(*entry, "KASBAH_")) image.strings.emplace_back(*entry);
  }
  for (const auto& [name, value] : options.environment) {
    image.strings.push_back(StrCat(name, "=", value));
  }
  for (size_t i = 0; i < image.strings.size(); ++i) {
    auto& list = i < options.arguments.size() ? image.arguments : image.environment;
    list.push_back(image.strings[i].data());
  }
  image.arguments.push_back(nullptr);
  image.environment.push_back(nullptr);
  return image;
}

// Runs in the child. Reports why through `failure`, which closes by itself at exec.
[[noreturn]] void BecomeImage(const Image& image, const Process::Options& options, pid_t parent,
                              int failure) {
  if (options.detached) {
    setsid();
  } else {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have ended before that.
    if (getppid() != parent) _exit(127);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  const int output = options.output >= 0 ? options.output : null;
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execve(image.arguments[0], image.arguments.data(), image.environment.data());
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(failure, &error, sizeof(error));
  _exit(127);
}

}  // namespace

std::string Exit::ToString() const {
  if (signal != 0) return StrCat("signal ", signal, " (", strsignal(signal), ")");
  return StrCat("exit code ", code);
}

absl::StatusOr<Process> Process::Spawn(const Options& options) {
  const Image image = Prepare(options);
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(StrCat("cannot make a pipe: ", std::strerror(errno)));
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) BecomeImage(image, options, parent, failure[1]);
  const int fork_error = errno;
  close(failure[1]);
  int error = 0;
  ssize_t size = 0;
  if (pid > 0) {
    do {
      size = read(failure[0], &error, sizeof(error));
    } while (size < 0 && errno == EINTR);
  }
  close(failure[0]);
  if (pid < 0) {
    return absl::ResourceExhaustedError(
        StrCat("cannot start ", options.arguments[0], ": ", std::strerror(fork_error)));
  }
  if (size == static_cast<ssize_t>(sizeof(error))) {
    waitpid(pid, nullptr, 0);
    return absl::FailedPreconditionError(
        StrCat("cannot start ", options.arguments[0], ": ", std::strerror(error),
               error == ENOENT ? " (is everything built? `make build`)" : ""));
  }
  return Process(pid, options.detached);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), detached_(other.detached_), exit_(other.exit_) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(detached_, other.detached_);
  std::swap(exit_, other.exit_);
  return *this;
}

Process::~Process() {
  if (pid_ <= 0 || detached_ || Poll().has_value()) return;
  Signal(SIGKILL);
  Wait(absl::InfiniteFuture());
}

std::optional<Exit> Process::Poll() {
  if (exit_.has_value() || pid_ <= 0) return exit_;
  int status = 0;
  const pid_t ended = waitpid(pid_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
  Exit exit;
  if (ended == pid_ && WIFEXITED(status)) exit.code = WEXITSTATUS(status);
  if (ended == pid_ && WIFSIGNALED(status)) exit.signal = WTERMSIG(status);
  exit_ = exit;
  return exit_;
}

std::optional<Exit> Process::Wait(absl::Time deadline) {
  while (true) {
    if (std::optional<Exit> exit = Poll(); exit.has_value()) return exit;
    if (absl::Now() >= deadline) return std::nullopt;
    absl::SleepFor(absl::Milliseconds(5));
  }
}

void Process::Signal(int signal) {
  // Not yet reaped, so the number still is this process's.
  if (pid_ > 0 && !Poll().has_value()) kill(pid_, signal);
}

}  // namespace kasbah::dev
