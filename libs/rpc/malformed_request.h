#pragma once

#include <grpcpp/support/server_interceptor.h>

#include <memory>

namespace kasbah::rpc {

// gRPC 1.51 answers a request that it cannot parse (not a message of its type, or a string that is
// not UTF-8) with UNIMPLEMENTED and no word, before any handler of ours. This puts
// INVALID_ARGUMENT, reason REQUEST_MALFORMED, in its place.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> ExplainMalformedRequests();

}  // namespace kasbah::rpc
