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

absl::StatusOr<std::vector<std::string>> RawExchange(const std::shared_ptr<grpc::Channel>& channel,
                                                     grpc::ClientContext* context,
                                                     const std::string& method,
                                                     const std::vector<std::string>& requests,
                                                     size_t most) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(context, method, &queue);
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ok;
  };
  call->StartCall(nullptr);
  bool open = wait();
  for (size_t i = 0; open && i < requests.size(); ++i) {
    grpc::Slice slice(requests[i]);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    open = wait();
  }
  if (open) {
    call->WritesDone(nullptr);
    wait();
  }
  std::vector<std::string> replies;
  while (replies.size() < most) {
    grpc::ByteBuffer reply;
    call->Read(&reply, nullptr);
    if (!wait()) break;
    std::vector<grpc::Slice> slices;
    reply.Dump(&slices).ok();
    std::string bytes;
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    replies.push_back(std::move(bytes));
  }
  // A unary answer is whole; of a stream this is enough.
  const bool enough = replies.size() == most;
  if (enough) context->TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  if (!enough && !status.ok()) return rpc::FromGrpcStatus(status);
  return replies;
}

}  // namespace kasbah::security_test
