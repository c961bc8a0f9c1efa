#pragma once

// Included by pipeline.h, whose last part it is: server streams.

#include <utility>

#include "absl/synchronization/mutex.h"

namespace kasbah::rpc::internal {

// What a stream is apart from its message type: who may still write, and how it ends. Handed to the
// pipeline, which runs it on the stream executor. Thread safe.
class StreamBody {
 public:
  virtual ~StreamBody() = default;
  virtual absl::Status Handle(const Call& call) = 0;
  // Ends the stream; the body may be gone when this returns.
  virtual void End(grpc::Status status) = 0;
  // Wakes whoever writes or waits: the server drains.
  void Stop() { Set(&stopped_); }

 protected:
  void Gone() { Set(&stopped_); }
  bool stopped() const {
    absl::MutexLock lock(&mutex_);
    return stopped_;
  }
  bool StoppedWithin(absl::Duration patience) const {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&stopped_), patience);
  }
  // False when the stream is over: then nothing may be written.
  bool BeginWrite() {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return false;
    written_ = false;
    return true;
  }
  void WriteDone(bool ok) {
    absl::MutexLock lock(&mutex_);
    written_ = true;
    if (!ok) stopped_ = true;
  }
  // True when the write reached the transport. A stopped stream still waits for its last write.
  bool AwaitWrite() const {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&written_));
    return !stopped_;
  }

 private:
  void Set(bool* flag) {
    absl::MutexLock lock(&mutex_);
    *flag = true;
  }

  mutable absl::Mutex mutex_;
  bool stopped_ = false;
  bool written_ = true;
};

template <typename Reply>
class StreamReactor final : public grpc::ServerWriteReactor<Reply>,
                            public StreamWriter<Reply>,
                            public StreamBody {
 public:
  using Handler = absl::AnyInvocable<absl::Status(const Call&, StreamWriter<Reply>&)>;
  explicit StreamReactor(Handler handler) : handler_(std::move(handler)) {}

  absl::Status Handle(const Call& call) override { return handler_(call, *this); }
  void End(grpc::Status status) override { this->Finish(std::move(status)); }

  absl::Status Write(const Reply& reply) override {
    if (!BeginWrite()) return absl::CancelledError("the stream is over");
    this->StartWrite(&reply);
    return AwaitWrite() ? absl::OkStatus() : absl::CancelledError("the stream is over");
  }
  bool Done() const override { return stopped(); }
  bool DoneWithin(absl::Duration patience) const override { return StoppedWithin(patience); }

  void OnWriteDone(bool ok) override { WriteDone(ok); }
  void OnCancel() override { Gone(); }
  void OnDone() override { delete this; }

 private:
  Handler handler_;
};

}  // namespace kasbah::rpc::internal

namespace kasbah::rpc {

template <typename Service, typename Request, typename Reply>
grpc::ServerWriteReactor<Reply>* Pipeline::RunStream(
    grpc::CallbackServerContext* context, const Request& request,
    absl::Status (Service::*handler)(const Call&, const Request&, StreamWriter<Reply>&),
    Service* service) {
  auto* reactor = new internal::StreamReactor<Reply>(
      [service, handler, &request](const Call& call, StreamWriter<Reply>& writer) {
        return (service->*handler)(call, request, writer);
      });
  StartStream(context, request, reactor);
  return reactor;
}

}  // namespace kasbah::rpc
