#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kasbah::security_test {

// Whose what a method asks for is: a customer's, who may have it, or the whole tenant's, which a
// caller of one customer is refused.
enum class Of { kCustomer, kTenant };

// A request of tenant-data that is answered well when its names are a caller's own: in JSON, one
// message or a client's stream. ${record} and the like stand for ids and texts (estate.h).
struct TenantDataRequest {
  // "RecordService.GetRecord".
  std::string method;
  Of of;
  std::vector<std::string> messages;
};

// At least one of every method of tenant-data that serves a tenant's keys, and of every other that
// takes an id.
const std::vector<TenantDataRequest>& TenantDataRequests();

using Messages = std::vector<std::unique_ptr<google::protobuf::Message>>;
using Names = std::map<std::string, std::string>;

// Its messages with the names filled in, in every text at any depth.
Messages Fill(const TenantDataRequest& request, const google::protobuf::MethodDescriptor* method,
              const Names& names);

// The names that stand in it: "${record}".
std::vector<std::string> NamesIn(const TenantDataRequest& request,
                                 const google::protobuf::MethodDescriptor* method);

// Every text in a message, with the field that has it.
using OnText =
    std::function<std::string(const google::protobuf::FieldDescriptor*, const std::string&)>;
void ReplaceTexts(google::protobuf::Message* message, const OnText& on_text);

// "RecordService.GetRecord".
std::string NameOf(const google::protobuf::MethodDescriptor* method);

}  // namespace kasbah::security_test
