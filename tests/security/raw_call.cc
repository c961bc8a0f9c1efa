#include "tests/security/raw_call.h"

#include <grpcpp/generic/generic_stub.h>

#include <vector>

#include "libs/base/strings.h"
#include "libs/rpc/status_mapping.h"

namespace kasbah::security_test {

namespace {

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

std::string PathOf(const google::protobuf::MethodDescriptor* method) {
  return StrCat("/", method->service()->full_name(), "/", method->name());
}

absl::Status RawCall(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
                     const std::string& method, const google::protobuf::Message& request,
                     std::string* reply) {
  const Exchange exchange =
      RawExchange(channel, context, method, {request.SerializeAsString()}, /*most=*/1);
  // A stream that answers has let us in: that is all a policy test asks.
  if (!exchange.is_cut) return rpc::FromGrpcStatus(exchange.status);
  if (reply != nullptr) *reply += exchange.replies.front();
  return absl::OkStatus();
}

Exchange RawExchange(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
                     const std::string& method, const std::vector<std::string>& requests,
                     size_t most) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(context, method, &queue);
  // One event at a time, in order.
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
  Exchange exchange;
  while (exchange.replies.size() < most) {
    grpc::ByteBuffer reply;
    call->Read(&reply, nullptr);
    if (!wait()) break;
    exchange.replies.push_back(BytesOf(reply));
  }
  exchange.is_cut = exchange.replies.size() == most;
  if (exchange.is_cut) context->TryCancel();
  call->Finish(&exchange.status, nullptr);
  wait();
  return exchange;
}

}  // namespace kasbah::security_test
