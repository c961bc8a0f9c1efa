#pragma once

#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/store/tenant_registry.h"

namespace kasbah::tenantdata {

// Tenants: operators make, list, suspend, resume and close them; they and whoever manages a tenant
// update it; everybody sees their own.
class TenantService final : public v1::TenantService::CallbackService {
 public:
  TenantService(rpc::Pipeline& pipeline, TenantRegistry& registry);

  grpc::ServerUnaryReactor* CreateTenant(grpc::CallbackServerContext* context,
                                         const v1::CreateTenantRequest* request,
                                         v1::Tenant* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantService::Create, this);
  }
  grpc::ServerUnaryReactor* GetTenant(grpc::CallbackServerContext* context,
                                      const v1::GetTenantRequest* request,
                                      v1::Tenant* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantService::Get, this);
  }
  grpc::ServerUnaryReactor* ListTenants(grpc::CallbackServerContext* context,
                                        const v1::ListTenantsRequest* request,
                                        v1::ListTenantsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantService::List, this);
  }
  grpc::ServerUnaryReactor* UpdateTenant(grpc::CallbackServerContext* context,
                                         const v1::UpdateTenantRequest* request,
                                         v1::Tenant* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantService::Update, this);
  }
  grpc::ServerUnaryReactor* SuspendTenant(grpc::CallbackServerContext* context,
                                          const v1::SuspendTenantRequest* request,
                                          v1::Tenant* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantService::Suspend, this);
  }
  grpc::ServerUnaryReactor* ResumeTenant(grpc::CallbackServerContext* context,
                                         const v1::ResumeTenantRequest* request,
                                         v1::Tenant* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantService::Resume, this);
  }
  grpc::ServerUnaryReactor* CloseTenant(grpc::CallbackServerContext* context,
                                        const v1::CloseTenantRequest* request,
                                        v1::Tenant* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantService::Close, this);
  }

 private:
  absl::StatusOr<v1::Tenant> Create(const rpc::Call& call, const v1::CreateTenantRequest& request);
  absl::StatusOr<v1::Tenant> Get(const rpc::Call& call, const v1::GetTenantRequest& request);
  absl::StatusOr<v1::ListTenantsResponse> List(const rpc::Call& call,
                                               const v1::ListTenantsRequest& request);
  absl::StatusOr<v1::Tenant> Update(const rpc::Call& call, const v1::UpdateTenantRequest& request);
  absl::StatusOr<v1::Tenant> Suspend(const rpc::Call& call,
                                     const v1::SuspendTenantRequest& request);
  absl::StatusOr<v1::Tenant> Resume(const rpc::Call& call, const v1::ResumeTenantRequest& request);
  absl::StatusOr<v1::Tenant> Close(const rpc::Call& call, const v1::CloseTenantRequest& request);

  rpc::Pipeline& pipeline_;
  TenantRegistry& registry_;
};

}  // namespace kasbah::tenantdata
