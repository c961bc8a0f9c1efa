#pragma once

// Included by pipeline.h, whose last part it is: streams of the server, of the client, of both.

#include <utility>

#include "libs/rpc/stream_body.h"

namespace kasbah::rpc::internal {

// The two halves of a stream, over whichever reactor has them.
template <typename Reactor, typename Reply>
class WriterOf : public Reactor, public StreamWriter<Reply>, public virtual StreamBody {
 public:
  absl::Status Write(const Reply& reply) override {
    if (!BeginWrite()) return absl::CancelledError("the stream is over");
    this->StartWrite(&reply);
    return AwaitWrite() ? absl::OkStatus() : absl::CancelledError("the stream is over");
  }
  bool Done() const override { return stopped(); }
  bool DoneWithin(absl::Duration patience) const override { return StoppedWithin(patience); }
  void OnWriteDone(bool ok) override { WriteDone(ok); }
};

template <typename Reactor, typename Request>
class ReaderOf : public Reactor, public StreamReader<Request>, public virtual StreamBody {
 public:
  absl::StatusOr<const Request*> Read() override {
    RETURN_IF_ERROR(BeginRead());
    if (!ended_) this->StartRead(&message_);
    ASSIGN_OR_RETURN(const bool came, AwaitRead());
    if (!came) {
      ended_ = true;
      return nullptr;
    }
    RETURN_IF_ERROR(CheckRead(message_));
    return &message_;
  }
  void OnReadDone(bool ok) override { ReadDone(ok); }

 private:
  // gRPC's while a read is under way, the handler's otherwise.
  Request message_;
  bool ended_ = false;
};

template <typename Reply>
class ServerStream final : public WriterOf<grpc::ServerWriteReactor<Reply>, Reply> {
 public:
  using Handler = absl::AnyInvocable<absl::Status(const Call&, StreamWriter<Reply>&)>;
  explicit ServerStream(Handler handler) : handler_(std::move(handler)) {}

  absl::Status Handle(const Call& call) override { return handler_(call, *this); }
  void End(grpc::Status status) override { this->Finish(std::move(status)); }
  void OnCancel() override { this->Gone(); }
  void OnDone() override { delete this; }

 private:
  Handler handler_;
};

template <typename Request>
class ClientStream final : public ReaderOf<grpc::ServerReadReactor<Request>, Request> {
 public:
  using Handler = absl::AnyInvocable<absl::Status(const Call&, StreamReader<Request>&)>;
  ClientStream(StreamLimits limits, Handler handler)
      : StreamBody(limits), handler_(std::move(handler)) {}

  absl::Status Handle(const Call& call) override { return handler_(call, *this); }
  void End(grpc::Status status) override { this->Finish(std::move(status)); }
  void OnCancel() override { this->Gone(); }
  void OnDone() override { delete this; }

 private:
  Handler handler_;
};

template <typename Request, typename Reply>
class BidiStream final
    : public WriterOf<ReaderOf<grpc::ServerBidiReactor<Request, Reply>, Request>, Reply> {
 public:
  using Handler =
      absl::AnyInvocable<absl::Status(const Call&, StreamReader<Request>&, StreamWriter<Reply>&)>;
  BidiStream(StreamLimits limits, Handler handler)
      : StreamBody(limits), handler_(std::move(handler)) {}

  absl::Status Handle(const Call& call) override { return handler_(call, *this, *this); }
  void End(grpc::Status status) override { this->Finish(std::move(status)); }
  void OnCancel() override { this->Gone(); }
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
  auto* stream = new internal::ServerStream<Reply>(
      [service, handler, &request](const Call& call, StreamWriter<Reply>& writer) {
        return (service->*handler)(call, request, writer);
      });
  StartStream(context, *Request::descriptor(), &request, stream);
  return stream;
}

template <typename Service, typename Request, typename Reply>
grpc::ServerReadReactor<Request>* Pipeline::RunClientStream(
    grpc::CallbackServerContext* context, Reply* reply,
    absl::StatusOr<Reply> (Service::*handler)(const Call&, StreamReader<Request>&),
    Service* service, StreamLimits limits) {
  auto* stream = new internal::ClientStream<Request>(
      limits, [service, handler, reply](const Call& call, StreamReader<Request>& reader) {
        return Fill(reply, (service->*handler)(call, reader));
      });
  StartStream(context, *Request::descriptor(), nullptr, stream);
  return stream;
}

template <typename Service, typename Request, typename Reply>
grpc::ServerBidiReactor<Request, Reply>* Pipeline::RunBidiStream(
    grpc::CallbackServerContext* context,
    absl::Status (Service::*handler)(const Call&, StreamReader<Request>&, StreamWriter<Reply>&),
    Service* service, StreamLimits limits) {
  auto* stream = new internal::BidiStream<Request, Reply>(
      limits, [service, handler](const Call& call, StreamReader<Request>& reader,
                                 StreamWriter<Reply>& writer) {
        return (service->*handler)(call, reader, writer);
      });
  StartStream(context, *Request::descriptor(), nullptr, stream);
  return stream;
}

}  // namespace kasbah::rpc
