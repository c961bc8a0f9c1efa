#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kasbah::security_test {

// All that comes back of a call.
struct Answer {
  grpc::Status status;
  std::vector<std::unique_ptr<google::protobuf::Message>> replies;
  // Without the details, which `status` has.
  std::multimap<std::string, std::string> trailers;

  bool ok() const { return status.ok(); }
  absl::Status ToStatus() const;
};

// Calls a method without generated code, whatever it streams, and reads to the end.
Answer Ask(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context,
           const google::protobuf::MethodDescriptor* method,
           const std::vector<std::unique_ptr<google::protobuf::Message>>& requests);

// Code, message, details, trailers and replies as text, with the keys of `names` for their values:
// what two answers have in common that differ in ids alone.
std::string Describe(const Answer& answer, const std::map<std::string, std::string>& names);

}  // namespace kasbah::security_test
