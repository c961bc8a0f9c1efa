#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "libs/postgres/database.h"
#include "services/webhook/store/queue_store.h"

namespace kasbah::webhook {

// Writes outcomes to the queue on a thread of its own, many in one statement. Thread safe.
class OutcomeRecorder {
 public:
  // `recorded` is told of each batch after its commit, on the recorder's thread.
  OutcomeRecorder(postgres::Door& queue,
                  std::function<void(const std::vector<Completion>&)> recorded);
  // Writes what is left, unless the database is away: those claims lapse and are sent again.
  ~OutcomeRecorder();

  void Add(Completion completion);

 private:
  void Loop();
  // False when it could not be written and the recorder stops.
  bool Write(const std::vector<Completion>& completions);

  postgres::Door& queue_;
  const std::function<void(const std::vector<Completion>&)> recorded_;
  const QueueStore store_{};
  absl::Mutex mutex_;
  std::vector<Completion> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace kasbah::webhook
