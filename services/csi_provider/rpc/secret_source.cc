#include "services/csi_provider/rpc/secret_source.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/hash.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/status_mapping.h"

namespace kasbah::csi_provider {

absl::StatusOr<std::string> SecretSource::AssertionFor(const CallContext& call,
                                                       const MountOrder& order) const {
  CallContext for_tenant = call;
  for_tenant.tenant = order.tenant;
  auth::v1::ExchangeKubernetesTokenRequest request;
  request.set_token(order.token);
  request.set_namespace_(order.namespace_name);
  request.set_pod_name(order.pod_name);
  request.set_pod_uid(order.pod_uid);
  using Stub = auth::v1::WorkloadIdentityService::Stub;
  ASSIGN_OR_RETURN(auto reply,
                   rpc::Invoke(for_tenant, *auth_, &Stub::ExchangeKubernetesToken, request));
  return std::move(*reply.mutable_assertion());
}

absl::StatusOr<vault::v1::AccessSecretVersionResponse> SecretSource::Read(
    const CallContext& call, const std::string& assertion, const MountObject& object) const {
  vault::v1::AccessSecretVersionRequest request;
  request.set_secret(object.secret);
  request.set_version(object.version);
  grpc::ClientContext context;
  rpc::Propagate(call, &context);
  context.AddMetadata("authorization", StrCat("Bearer ", assertion));
  vault::v1::AccessSecretVersionResponse reply;
  RETURN_IF_ERROR(rpc::FromGrpcStatus(vault_->AccessSecretVersion(&context, request, &reply)));
  if (reply.payload_crc32c() != crypto::Crc32c(reply.payload())) {
    return Error(absl::StatusCode::kUnavailable, "PAYLOAD_DAMAGED",
                 "a value was damaged on its way");
  }
  return reply;
}

}  // namespace kasbah::csi_provider
