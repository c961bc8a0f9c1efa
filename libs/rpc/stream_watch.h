#pragma once

#include <memory>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "libs/rpc/passage.h"
#include "libs/rpc/stream_body.h"

namespace kasbah::rpc {

// Ends streams whose credential is revoked while they run: looks twice a second, so that a
// revocation holds within the same 5 seconds as for calls. Thread safe.
class StreamWatch {
 public:
  StreamWatch() = default;
  ~StreamWatch();

  // From now until Remove; of a stream that was admitted.
  void Add(internal::StreamBody* stream, std::shared_ptr<const Passage> passage);
  // Why it was ended; OK for a stream that was not.
  absl::Status Remove(internal::StreamBody* stream);

 private:
  struct Watched {
    std::shared_ptr<const Passage> passage;
    absl::Status revoked;
  };
  void Loop();

  absl::Mutex mutex_;
  absl::flat_hash_map<internal::StreamBody*, Watched> watched_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Started with the first stream.
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::rpc
