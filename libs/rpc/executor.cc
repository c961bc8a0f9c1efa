#include "libs/rpc/executor.h"

#include <pthread.h>

#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::rpc {

struct Executor::State {
  State(const std::string& name, size_t capacity_)
      : capacity(capacity_),
        waiting(telemetry::GetGauge("kasbah_rpc_executor_waiting", "Tasks that wait for a thread",
                                    {{"executor", name}})),
        refused(telemetry::GetCounter("kasbah_rpc_executor_refused_total",
                                      "Tasks refused because the queue was full",
                                      {{"executor", name}})) {}

  // Tasks that run or wait, at the most.
  const size_t capacity;
  telemetry::Gauge& waiting;
  telemetry::Counter& refused;

  absl::Mutex mutex;
  absl::CondVar work;
  std::deque<absl::AnyInvocable<void()>> queue ABSL_GUARDED_BY(mutex);
  size_t running ABSL_GUARDED_BY(mutex) = 0;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;

  void Work();
};

void Executor::State::Work() {
  mutex.Lock();
  while (true) {
    while (queue.empty() && !stopping) work.Wait(&mutex);
    if (queue.empty()) break;
    absl::AnyInvocable<void()> task = std::move(queue.front());
    queue.pop_front();
    ++running;
    waiting.Set(static_cast<double>(queue.size()));
    mutex.Unlock();
    task();
    task = nullptr;
    mutex.Lock();
    --running;
  }
  mutex.Unlock();
}

Executor::Executor(std::string name, int threads, int queue_bound)
    : state_(std::make_unique<State>(name, static_cast<size_t>(threads + queue_bound))) {
  for (int i = 0; i < threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->Work(); });
    pthread_setname_np(state_->threads.back().native_handle(), name.substr(0, 15).c_str());
  }
}

Executor::~Executor() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
    state_->work.SignalAll();
  }
  for (std::thread& thread : state_->threads) thread.join();
}

bool Executor::TrySubmit(absl::AnyInvocable<void()> task) {
  absl::MutexLock lock(&state_->mutex);
  if (state_->stopping || state_->queue.size() + state_->running >= state_->capacity) {
    state_->refused.Add();
    return false;
  }
  state_->queue.push_back(std::move(task));
  state_->waiting.Set(static_cast<double>(state_->queue.size()));
  state_->work.Signal();
  return true;
}

}  // namespace kasbah::rpc
