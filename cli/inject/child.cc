#include "cli/inject/child.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "libs/base/strings.h"

extern char** environ;

namespace kasbah::cli {
namespace {

constexpr int kPassedOn[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
constexpr std::string_view kOwnCredential = "KASBAH_API_KEY=";

// A handler has no other way to know.
std::atomic<pid_t> child_pid{0};
std::atomic<int> early_signal{0};

void PassOn(int signal, siginfo_t* info, void*) {
  const int saved = errno;
  // From the kernel: the terminal, which tells the whole foreground group.
  if (info->si_code == SI_USER || info->si_code == SI_TKILL || info->si_code == SI_QUEUE) {
    const pid_t pid = child_pid.load();
    if (pid > 0) {
      kill(pid, signal);
    } else {
      early_signal.store(signal);
    }
  }
  errno = saved;
}

std::vector<std::string> EnvironmentWith(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string name(text.substr(0, text.find('=')));
    if (!text.starts_with(kOwnCredential) && !added.contains(name)) all.emplace_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(StrCat(name, "=", value));
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

absl::StatusOr<int> RunChild(const std::vector<std::string>& arguments,
                             const std::map<std::string, std::string>& environment) {
  struct sigaction action {};
  action.sa_sigaction = PassOn;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&action.sa_mask);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : kPassedOn) {
    sigaction(signal, &action, nullptr);
    sigaddset(&defaults, signal);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> words = arguments;
  std::vector<std::string> variables = EnvironmentWith(environment);
  pid_t pid = 0;
  const int spawned = posix_spawnp(&pid, words[0].c_str(), nullptr, &attributes,
                                   Pointers(words).data(), Pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  if (spawned != 0) {
    return absl::FailedPreconditionError(
        ToAbsl(StrCat(arguments[0], ": ", std::strerror(spawned))));
  }
  child_pid.store(pid);
  if (const int early = early_signal.exchange(0); early != 0) kill(pid, early);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return absl::InternalError("the program could not be waited for");
  }
  child_pid.store(0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace kasbah::cli
