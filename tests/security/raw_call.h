#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kasbah::security_test {

// "/kasbah.tenantdata.v1.RecordService/GetRecord".
std::string PathOf(const google::protobuf::MethodDescriptor* method);

// Calls a method by name ("/kasbah.vault.v1.SecretService/GetSecret") without generated code, unary
// or server stream. OK, with the bytes of its first message, or what it holds of details otherwise.
absl::Status RawCall(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
                     const std::string& method, const google::protobuf::Message& request,
                     std::string* reply = nullptr);

// What came back of a call.
struct Exchange {
  grpc::Status status;
  // Serialized.
  std::vector<std::string> replies;
  // It was cancelled after as many as were asked for; the status says nothing then.
  bool is_cut = false;
};

// The same with all that is sent and what comes back: every message of a client's stream, and of a
// server's the first `most` replies.
Exchange RawExchange(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
                     const std::string& method, const std::vector<std::string>& requests,
                     size_t most);

}  // namespace kasbah::security_test
