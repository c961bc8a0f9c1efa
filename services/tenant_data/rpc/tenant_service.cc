#include "services/tenant_data/rpc/tenant_service.h"

#include <optional>
#include <vector>

#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {
namespace {

constexpr std::string_view kListed = "tenants";

}  // namespace

TenantService::TenantService(rpc::Pipeline& pipeline, TenantRegistry& registry)
    : pipeline_(pipeline), registry_(registry) {}

absl::StatusOr<v1::Tenant> TenantService::Create(const rpc::Call& call,
                                                 const v1::CreateTenantRequest& request) {
  ASSIGN_OR_RETURN(const Tenant tenant,
                   registry_.Create(call, request.slug(), request.display_name()));
  return ToProto(tenant);
}

absl::StatusOr<v1::Tenant> TenantService::Get(const rpc::Call& call, const v1::GetTenantRequest&) {
  ASSIGN_OR_RETURN(const Tenant tenant, registry_.Get(call));
  return ToProto(tenant);
}

absl::StatusOr<v1::ListTenantsResponse> TenantService::List(const rpc::Call& call,
                                                            const v1::ListTenantsRequest& request) {
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::optional<Uuid> after, ParsePageToken(request.page_token(), kListed));
  // One more than the page, to know whether another follows.
  ASSIGN_OR_RETURN(const std::vector<Tenant> tenants,
                   registry_.List(call, TenantId(after.value_or(Uuid())), size + 1));
  v1::ListTenantsResponse reply;
  for (const Tenant& tenant : tenants) {
    if (reply.tenants_size() == size) {
      const size_t last = static_cast<size_t>(size) - 1;
      reply.set_next_page_token(FormatPageToken(tenants[last].id.uuid(), kListed));
      break;
    }
    *reply.add_tenants() = ToProto(tenant);
  }
  return reply;
}

absl::StatusOr<v1::Tenant> TenantService::Update(const rpc::Call& call,
                                                 const v1::UpdateTenantRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const Tenant tenant,
                   registry_.Update(call, request.etag(), request.display_name()));
  return ToProto(tenant);
}

absl::StatusOr<v1::Tenant> TenantService::Suspend(const rpc::Call& call,
                                                  const v1::SuspendTenantRequest& request) {
  ASSIGN_OR_RETURN(const Tenant tenant, registry_.Suspend(call, request.reason()));
  return ToProto(tenant);
}

absl::StatusOr<v1::Tenant> TenantService::Resume(const rpc::Call& call,
                                                 const v1::ResumeTenantRequest&) {
  ASSIGN_OR_RETURN(const Tenant tenant, registry_.Resume(call));
  return ToProto(tenant);
}

absl::StatusOr<v1::Tenant> TenantService::Close(const rpc::Call& call,
                                                const v1::CloseTenantRequest& request) {
  ASSIGN_OR_RETURN(const Tenant tenant, registry_.Close(call, request.reason()));
  return ToProto(tenant);
}

}  // namespace kasbah::tenantdata
