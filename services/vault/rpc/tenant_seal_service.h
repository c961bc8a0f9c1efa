#pragma once

#include "kasbah/vault/v1/tenant_keys.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/kek_ring.h"
#include "services/vault/store/key_store.h"
#include "services/vault/upkeep/kek_changes.h"

namespace kasbah::vault {

// The key that a tenant brings.
class TenantSealService final : public v1::TenantSealService::CallbackService {
 public:
  TenantSealService(rpc::Pipeline& pipeline, KekChanges& changes, KeyStore& keys, KekRing& keks);

  grpc::ServerUnaryReactor* SetTenantSeal(grpc::CallbackServerContext* context,
                                          const v1::SetTenantSealRequest* request,
                                          v1::TenantSeal* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantSealService::Set, this);
  }
  grpc::ServerUnaryReactor* CheckTenantSeal(grpc::CallbackServerContext* context,
                                            const v1::CheckTenantSealRequest* request,
                                            v1::TenantSeal* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantSealService::Check, this);
  }
  grpc::ServerUnaryReactor* RemoveTenantSeal(grpc::CallbackServerContext* context,
                                             const v1::RemoveTenantSealRequest* request,
                                             v1::RemoveTenantSealResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &TenantSealService::Remove, this);
  }

 private:
  absl::StatusOr<v1::TenantSeal> Set(const rpc::Call& call,
                                     const v1::SetTenantSealRequest& request);
  absl::StatusOr<v1::TenantSeal> Check(const rpc::Call& call,
                                       const v1::CheckTenantSealRequest& request);
  absl::StatusOr<v1::RemoveTenantSealResponse> Remove(const rpc::Call& call,
                                                      const v1::RemoveTenantSealRequest& request);
  // NOT_FOUND without a seal.
  absl::StatusOr<StoredKek> Find(const rpc::Call& call);

  rpc::Pipeline& pipeline_;
  KekChanges& changes_;
  KeyStore& keys_;
  KekRing& keks_;
};

}  // namespace kasbah::vault
