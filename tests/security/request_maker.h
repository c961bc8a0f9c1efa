#pragma once

#include <memory>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kasbah::security_test {

// A request that every field rule of its proto accepts: required fields filled, ids of the right
// kind that name nothing. What answers it is therefore policy or the handler, not validation.
std::unique_ptr<google::protobuf::Message> MakeRequest(const google::protobuf::Descriptor* type);

}  // namespace kasbah::security_test
