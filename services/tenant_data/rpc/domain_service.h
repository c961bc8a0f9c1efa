#pragma once

#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/store/domain_registry.h"
#include "services/tenant_data/upkeep/domain_checker.h"

namespace kasbah::tenantdata {

// A tenant's custom domains; not for a call that is made for one customer.
class DomainService final : public v1::DomainService::CallbackService {
 public:
  DomainService(rpc::Pipeline& pipeline, DomainRegistry& registry, DomainChecker& checker);

  grpc::ServerUnaryReactor* CreateDomain(grpc::CallbackServerContext* context,
                                         const v1::CreateDomainRequest* request,
                                         v1::Domain* reply) override {
    return pipeline_.Run(context, *request, reply, &DomainService::Create, this);
  }
  grpc::ServerUnaryReactor* VerifyDomain(grpc::CallbackServerContext* context,
                                         const v1::VerifyDomainRequest* request,
                                         v1::Domain* reply) override {
    return pipeline_.Run(context, *request, reply, &DomainService::Verify, this);
  }
  grpc::ServerUnaryReactor* GetDomain(grpc::CallbackServerContext* context,
                                      const v1::GetDomainRequest* request,
                                      v1::Domain* reply) override {
    return pipeline_.Run(context, *request, reply, &DomainService::Get, this);
  }
  grpc::ServerUnaryReactor* ListDomains(grpc::CallbackServerContext* context,
                                        const v1::ListDomainsRequest* request,
                                        v1::ListDomainsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &DomainService::List, this);
  }
  grpc::ServerUnaryReactor* DeleteDomain(grpc::CallbackServerContext* context,
                                         const v1::DeleteDomainRequest* request,
                                         v1::DeleteDomainResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &DomainService::Delete, this);
  }

 private:
  absl::StatusOr<v1::Domain> Create(const rpc::Call& call, const v1::CreateDomainRequest& request);
  absl::StatusOr<v1::Domain> Verify(const rpc::Call& call, const v1::VerifyDomainRequest& request);
  absl::StatusOr<v1::Domain> Get(const rpc::Call& call, const v1::GetDomainRequest& request);
  absl::StatusOr<v1::ListDomainsResponse> List(const rpc::Call& call,
                                               const v1::ListDomainsRequest& request);
  absl::StatusOr<v1::DeleteDomainResponse> Delete(const rpc::Call& call,
                                                  const v1::DeleteDomainRequest& request);

  rpc::Pipeline& pipeline_;
  DomainRegistry& registry_;
  DomainChecker& checker_;
};

}  // namespace kasbah::tenantdata
