#include "libs/reporting/crash_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>
#include <utility>

#include "libs/base/crash_note.h"
#include "libs/base/error.h"

namespace kasbah::reporting {
namespace {

constexpr std::array<int, 5> kSignals = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr int kPatienceMilliseconds = 2000;
// Asks the thread to end instead of naming a signal.
constexpr unsigned char kEnd = 0;

std::string_view NameOf(int signal) {
  switch (signal) {
    case SIGABRT:
      return "SIGABRT";
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    default:
      return "SIGILL";
  }
}

}  // namespace

// Pipes and atomics: all that a signal's handler may touch.
struct CrashWatch::State {
  static std::atomic<State*> current;

  Report report;
  // Read end, write end.
  int crashed[2];
  int reported[2];
  std::atomic<bool> taken{false};
  std::array<struct sigaction, kSignals.size()> before;
  std::thread thread;

  static void OnSignal(int signal) {
    const int saved = errno;
    State* state = current.load();
    // The first crash speaks; another thread's, meanwhile, has nothing to wait for.
    if (state != nullptr && !state->taken.exchange(true)) {
      const auto number = static_cast<unsigned char>(signal);
      if (write(state->crashed[1], &number, 1) == 1) {
        pollfd done{state->reported[0], POLLIN, 0};
        poll(&done, 1, kPatienceMilliseconds);
      }
    }
    errno = saved;
    // As if nobody had looked: the default is to end, with a core where there is to be one.
    ::signal(signal, SIG_DFL);
    raise(signal);
  }

  void Loop() {
    unsigned char number = kEnd;
    while (read(crashed[0], &number, 1) < 0 && errno == EINTR) {
    }
    if (number == kEnd) return;
    report(NameOf(number), CrashNote());
    [[maybe_unused]] const ssize_t told = write(reported[1], &number, 1);
  }
};

std::atomic<CrashWatch::State*> CrashWatch::State::current{nullptr};

CrashWatch::CrashWatch(Report report) : state_(new State) {
  state_->report = std::move(report);
  KASBAH_CHECK(pipe2(state_->crashed, O_CLOEXEC) == 0 && pipe2(state_->reported, O_CLOEXEC) == 0);
  State* none = nullptr;
  KASBAH_CHECK(State::current.compare_exchange_strong(none, state_));
  state_->thread = std::thread([state = state_] { state->Loop(); });
  struct sigaction action = {};
  action.sa_handler = &State::OnSignal;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &action, &state_->before[i]);
  }
}

CrashWatch::~CrashWatch() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &state_->before[i], nullptr);
  }
  State::current = nullptr;
  [[maybe_unused]] const ssize_t told = write(state_->crashed[1], &kEnd, 1);
  state_->thread.join();
  for (int end : {state_->crashed[0], state_->crashed[1], state_->reported[0],
                  state_->reported[1]}) {
    close(end);
  }
  delete state_;
}

}  // namespace kasbah::reporting
