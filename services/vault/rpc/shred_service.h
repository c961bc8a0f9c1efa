#pragma once

#include "kasbah/vault/v1/tenant_keys.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/store/key_store.h"
#include "services/vault/upkeep/kek_changes.h"
#include "services/vault/upkeep/key_retirement.h"

namespace kasbah::vault {

// The end of a tenant's keys, or of what was sealed for one data subject.
class ShredService final : public v1::ShredService::CallbackService {
 public:
  ShredService(rpc::Pipeline& pipeline, KekChanges& changes, KeyStore& keys,
               const KeyRetirement& retirement, const Clock& clock);

  grpc::ServerUnaryReactor* ShredTenant(grpc::CallbackServerContext* context,
                                        const v1::ShredTenantRequest* request,
                                        v1::ShredTenantResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ShredService::Tenant, this);
  }
  grpc::ServerUnaryReactor* ShredSubject(grpc::CallbackServerContext* context,
                                         const v1::ShredSubjectRequest* request,
                                         v1::ShredSubjectResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ShredService::Subject, this);
  }

 private:
  absl::StatusOr<v1::ShredTenantResponse> Tenant(const rpc::Call& call,
                                                 const v1::ShredTenantRequest& request);
  absl::StatusOr<v1::ShredSubjectResponse> Subject(const rpc::Call& call,
                                                   const v1::ShredSubjectRequest& request);

  rpc::Pipeline& pipeline_;
  KekChanges& changes_;
  KeyStore& keys_;
  const KeyRetirement& retirement_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
