#include "services/tenant_data/rpc/resolver_service.h"

#include "libs/base/status_macros.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {
namespace {

v1::ResolveTenantResponse ToProto(const HostOwner& owner) {
  v1::ResolveTenantResponse reply;
  reply.set_tenant_id(owner.tenant.ToString());
  reply.set_slug(owner.slug);
  reply.set_state(ToProto(owner.state));
  reply.set_custom_domain(owner.custom);
  return reply;
}

}  // namespace

ResolverService::ResolverService(rpc::Pipeline& pipeline, HostResolver& hosts)
    : pipeline_(pipeline), hosts_(hosts) {}

absl::StatusOr<v1::ResolveTenantResponse> ResolverService::Resolve(
    const rpc::Call& call, const v1::ResolveTenantRequest& request) {
  ASSIGN_OR_RETURN(const HostOwner owner, hosts_.Resolve(request.host(), call.deadline));
  return ToProto(owner);
}

std::optional<absl::StatusOr<v1::ResolveTenantResponse>> ResolverService::FindCached(
    const rpc::Call& /*call*/, const v1::ResolveTenantRequest& request) {
  const std::optional<absl::StatusOr<HostOwner>> cached = hosts_.FindCached(request.host());
  if (!cached) return std::nullopt;
  if (!cached->ok()) return cached->status();
  return ToProto(**cached);
}

}  // namespace kasbah::tenantdata
