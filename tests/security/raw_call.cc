#include "tests/security/raw_call.h"

#include <grpcpp/generic/generic_stub.h>

#include <vector>

#include "libs/rpc/status_mapping.h"

namespace kasbah::security_test {

absl::Status RawCall(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
                     const std::string& method, const google::protobuf::Message& request,
                     std::string* reply) {
  const std::string bytes = request.SerializeAsString();
  grpc::Slice slice(bytes);
  grpc::ByteBuffer buffer(&slice, 1);
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(context, method, &queue);
  // One event at a time, in order; each tag says which step it ended.
  const auto wait = [&queue](bool* ok) {
    void* tag = nullptr;
    return queue.Next(&tag, ok);
  };
  bool ok = false;
  call->StartCall(nullptr);
  wait(&ok);
  if (ok) {
    call->WriteLast(buffer, grpc::WriteOptions(), nullptr);
    wait(&ok);
  }
  grpc::ByteBuffer message;
  call->Read(&message, nullptr);
  wait(&ok);
  // A stream that answers has let us in: that is all a policy test asks.
  const bool answered = ok;
  if (answered) context->TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait(&ok);
  if (answered && reply != nullptr) {
    std::vector<grpc::Slice> slices;
    message.Dump(&slices);
    for (const grpc::Slice& piece : slices) {
      reply->append(reinterpret_cast<const char*>(piece.begin()), piece.size());
    }
  }
  if (answered) return absl::OkStatus();
  return rpc::FromGrpcStatus(status);
}

}  // namespace kasbah::security_test
