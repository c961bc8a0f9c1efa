#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace kasbah::security_test {

// Every RPC there is, from the descriptors, in the order of the protos.
std::vector<const google::protobuf::MethodDescriptor*> AllMethods();

// Whose process serves it: "vault". Of what several serve, one of them.
const std::string& ServerOf(const google::protobuf::MethodDescriptor* method);

}  // namespace kasbah::security_test
