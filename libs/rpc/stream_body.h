#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"

namespace kasbah::rpc {

class Call;
class FieldRules;

// What a client that streams may make a server hold and wait for.
struct StreamLimits {
  // Of all its messages together, as they are encoded.
  int64_t max_bytes = int64_t{64} << 20;
  // Between two messages, while the handler waits for one.
  absl::Duration idle = absl::Seconds(30);
  // From its admission to its end; the client's deadline holds too.
  absl::Duration longest = absl::Minutes(15);
};

namespace internal {

// What a stream is apart from its message types: who may still read and write, and how it ends.
// Handed to the pipeline, which runs it on the stream executor. Thread safe.
class StreamBody {
 public:
  virtual ~StreamBody() = default;
  virtual absl::Status Handle(const Call& call) = 0;
  // Ends the stream; the body may be gone when this returns.
  virtual void End(grpc::Status status) = 0;
  // Before Handle: how the client's messages are checked, and when the call is over.
  void Admit(const FieldRules& rules, absl::Time deadline);
  // Wakes whoever reads, writes or waits: the server drains.
  void Stop() { Gone(); }

 protected:
  explicit StreamBody(StreamLimits limits = {}) : limits_(limits) {}

  void Gone();
  bool stopped() const;
  bool StoppedWithin(absl::Duration patience) const;

  // False when the stream is over: then nothing may be written.
  bool BeginWrite();
  void WriteDone(bool ok);
  // True when the write reached the transport. A stopped stream still waits for its last write.
  bool AwaitWrite() const;

  // The same for reading: OK when a read may be started, and then ReadDone will come.
  absl::Status BeginRead();
  void ReadDone(bool ok);
  // True when a message came, false at the client's end.
  absl::StatusOr<bool> AwaitRead();
  // The message that came: its size is counted and its fields are checked.
  absl::Status CheckRead(const google::protobuf::Message& message);

 private:
  bool ReadSettled() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopped_ || !reading_; }

  const StreamLimits limits_;
  // Set once, before the handler runs; read by its thread alone.
  const FieldRules* rules_ = nullptr;
  absl::Time deadline_ = absl::InfiniteFuture();
  int64_t bytes_ = 0;
  // Why reading failed; it stays failed.
  absl::Status failed_;

  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool written_ ABSL_GUARDED_BY(mutex_) = true;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool at_end_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace internal
}  // namespace kasbah::rpc
