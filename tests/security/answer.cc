#include "tests/security/answer.h"

#include "absl/strings/str_replace.h"
#include "google/protobuf/any.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/status_mapping.h"
#include "tests/security/raw_call.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::Message;

// What no answer of a test comes near.
constexpr size_t kMostReplies = 1000;

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

Answer Ask(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
           const google::protobuf::MethodDescriptor* method,
           const std::vector<std::unique_ptr<Message>>& requests) {
  std::vector<std::string> sent;
  for (const auto& request : requests) sent.push_back(request->SerializeAsString());
  const Exchange exchange = RawExchange(channel, context, PathOf(method), sent, kMostReplies);
  KASBAH_CHECK(!exchange.is_cut);
  Answer answer{exchange.status, {}, {}};
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->output_type());
  for (const std::string& bytes : exchange.replies) {
    answer.replies.emplace_back(prototype->New())->ParseFromString(bytes);
  }
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
