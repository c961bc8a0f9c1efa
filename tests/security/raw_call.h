#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace kasbah::security_test {

// Calls a method by name ("/kasbah.vault.v1.SecretService/GetSecret") without generated code, unary
// or server stream. OK, with the bytes of its first message, or what it holds of details otherwise.
absl::Status RawCall(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
                     const std::string& method, const google::protobuf::Message& request,
                     std::string* reply = nullptr);

}  // namespace kasbah::security_test
