#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <vector>

namespace kasbah::rpc {

// gRPC 1.51 answers a request that it cannot parse (not a message of its type, or a string that is
// not UTF-8) with UNIMPLEMENTED and no word, before any handler of ours. This puts
// INVALID_ARGUMENT, reason REQUEST_MALFORMED, in its place for the methods of `services`. What none
// of them has stays UNIMPLEMENTED: clients ask for the newest reflection first and go by that.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> ExplainMalformedRequests(
    const std::vector<const google::protobuf::ServiceDescriptor*>& services);

}  // namespace kasbah::rpc
