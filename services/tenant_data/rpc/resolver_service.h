#pragma once

#include <optional>

#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/store/host_resolver.h"

namespace kasbah::tenantdata {

// Whose a host is, for the edge.
class ResolverService final : public v1::ResolverService::CallbackService {
 public:
  ResolverService(rpc::Pipeline& pipeline, HostResolver& hosts);

  grpc::ServerUnaryReactor* ResolveTenant(grpc::CallbackServerContext* context,
                                          const v1::ResolveTenantRequest* request,
                                          v1::ResolveTenantResponse* reply) override {
    return pipeline_.RunInlineFirst(context, *request, reply, &ResolverService::FindCached,
                                    &ResolverService::Resolve, this);
  }

 private:
  std::optional<absl::StatusOr<v1::ResolveTenantResponse>> FindCached(
      const rpc::Call& call, const v1::ResolveTenantRequest& request);
  absl::StatusOr<v1::ResolveTenantResponse> Resolve(const rpc::Call& call,
                                                    const v1::ResolveTenantRequest& request);

  rpc::Pipeline& pipeline_;
  HostResolver& hosts_;
};

}  // namespace kasbah::tenantdata
