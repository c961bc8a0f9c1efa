#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace kasbah::security_test {

// Calls a method by name ("/kasbah.vault.v1.SecretService/GetSecret") without generated code, unary
// or server stream. OK, with the bytes of its first message, or what it holds of details otherwise.
absl::Status RawCall(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
                     const std::string& method, const google::protobuf::Message& request,
                     std::string* reply = nullptr);

// The same with all that is sent and what comes back: every message of a client's stream, and of a
// server's the first `most` replies, after which it is cancelled. Serialized replies.
absl::StatusOr<std::vector<std::string>> RawExchange(const std::shared_ptr<grpc::Channel>& channel,
                                                     grpc::ClientContext* context,
                                                     const std::string& method,
                                                     const std::vector<std::string>& requests,
                                                     size_t most);

}  // namespace kasbah::security_test
