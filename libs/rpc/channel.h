#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"
#include "libs/rpc/status_mapping.h"
#include "libs/rpc/tls.h"

namespace kasbah::rpc {

// A channel to one service: mutual TLS, its exact SPIFFE id, round robin over the addresses behind
// the name, keepalive, messages to 8 MiB, retries of UNAVAILABLE for calls that never left.
// Connects when first used. `target`: "127.0.0.1:9001" or "dns:///kasbah-vault:9000".
absl::StatusOr<std::shared_ptr<grpc::Channel>> CreateChannel(const std::string& target,
                                                             const std::string& server_id,
                                                             const TlsFiles& files);

// Puts what travels with a call on an outgoing one: deadline, x-request-id, traceparent and, for
// work on a tenant's behalf, kasbah-tenant and kasbah-customer.
void Propagate(const CallContext& call, grpc::ClientContext* context);

// One unary call on behalf of `call`: Propagate, call, map the status.
//   rpc::Invoke(call, *stub, &CryptoService::Stub::Encrypt, request)
template <typename Stub, typename Request, typename Reply>
absl::StatusOr<Reply> Invoke(const CallContext& call, Stub& stub,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Reply*),
                             const Request& request) {
  grpc::ClientContext context;
  Propagate(call, &context);
  Reply reply;
  absl::Status status = FromGrpcStatus((stub.*method)(&context, request, &reply));
  if (!status.ok()) return status;
  return reply;
}

}  // namespace kasbah::rpc
