#pragma once

#include <grpcpp/grpcpp.h>

#include <string_view>

#include "absl/status/status.h"

namespace kasbah::rpc {

// The only places where the two kinds of status meet. A status without a reason (libs/base/error.h)
// is a fault of ours: the client gets INTERNAL, a fixed text and the request id, and the log the
// rest.
grpc::Status ToGrpcStatus(const absl::Status& status, std::string_view request_id);

// What a peer answered, with its reason and violations again. Unavailable transport becomes
// UNAVAILABLE, reason PEER_UNAVAILABLE.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace kasbah::rpc
