#include "libs/dev/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace kasbah::dev {
namespace {

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  thread_ = std::make_unique<std::thread>([this] { Run(); });
}

Interrupt::~Interrupt() {
  ending_ = true;
  pthread_kill(thread_->native_handle(), SIGTERM);
  thread_->join();
}

void Interrupt::Run() {
  const sigset_t signals = Signals();
  while (true) {
    int received = 0;
    if (sigwait(&signals, &received) != 0) continue;
    if (ending_) return;
    if (interrupted_.HasBeenNotified()) _exit(128 + received);
    signal_ = received;
    interrupted_.Notify();
  }
}

}  // namespace kasbah::dev
