#include "tests/security/answer.h"

#include <grpcpp/generic/generic_stub.h>

#include <utility>

#include "absl/strings/str_replace.h"
#include "google/protobuf/any.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/base/strings.h"
#include "libs/rpc/status_mapping.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::Message;

// What no answer of a test comes near.
constexpr size_t kMostReplies = 1000;

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

std::string DetailsOf(const grpc::Status& status) {
  google::rpc::Status rich;
  if (!rich.ParseFromString(status.error_details())) return "details that do not parse";
  std::string text;
  for (const google::protobuf::Any& detail : rich.details()) {
    // Each call's own.
    if (detail.Is<google::rpc::RequestInfo>()) continue;
    StrAppend(&text, detail.DebugString());
  }
  return text;
}

}  // namespace

absl::Status Answer::ToStatus() const { return rpc::FromGrpcStatus(status); }

std::string PathOf(const google::protobuf::MethodDescriptor* method) {
  return StrCat("/", method->service()->full_name(), "/", method->name());
}

Answer Ask(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
           const google::protobuf::MethodDescriptor* method,
           const std::vector<std::unique_ptr<Message>>& requests) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(context, PathOf(method), &queue);
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
    grpc::Slice slice(requests[i]->SerializeAsString());
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    open = wait();
  }
  if (open) {
    call->WritesDone(nullptr);
    wait();
  }
  Answer answer;
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->output_type());
  while (answer.replies.size() < kMostReplies) {
    grpc::ByteBuffer buffer;
    call->Read(&buffer, nullptr);
    if (!wait()) break;
    std::unique_ptr<Message> reply(prototype->New());
    reply->ParseFromString(BytesOf(buffer));
    answer.replies.push_back(std::move(reply));
  }
  call->Finish(&answer.status, nullptr);
  wait();
  for (const auto& [name, value] : context->GetServerTrailingMetadata()) {
    if (name == "grpc-status-details-bin") continue;
    answer.trailers.emplace(std::string(name.data(), name.size()),
                            std::string(value.data(), value.size()));
  }
  return answer;
}

std::string Describe(const Answer& answer, const std::map<std::string, std::string>& names) {
  std::string text = StrCat("code ", answer.status.error_code(), "\nmessage ",
                            answer.status.error_message(), "\n", DetailsOf(answer.status));
  for (const auto& [name, value] : answer.trailers) StrAppend(&text, name, ": ", value, "\n");
  for (const auto& reply : answer.replies) StrAppend(&text, "reply\n", reply->DebugString());
  std::map<std::string, std::string> turned;
  for (const auto& [name, value] : names) {
    if (!value.empty()) turned.emplace(value, name);
  }
  return absl::StrReplaceAll(text, turned);
}

}  // namespace kasbah::security_test
