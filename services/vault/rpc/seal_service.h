#pragma once

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/root_keys.h"
#include "services/vault/store/root_key_store.h"

namespace kasbah::vault {

// What opens the vault. GetSealStatus is the one call that is answered while it is sealed.
class SealService final : public v1::SealService::CallbackService {
 public:
  SealService(rpc::Pipeline& pipeline, RootKeys& root, RootKeyStore& store);

  grpc::ServerUnaryReactor* GetSealStatus(grpc::CallbackServerContext* context,
                                          const v1::GetSealStatusRequest* request,
                                          v1::GetSealStatusResponse* reply) override {
    return pipeline_.RunInline(context, *request, reply, &SealService::GetStatus, this);
  }
  grpc::ServerUnaryReactor* CheckSeals(grpc::CallbackServerContext* context,
                                       const v1::CheckSealsRequest* request,
                                       v1::CheckSealsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SealService::Check, this);
  }
  grpc::ServerUnaryReactor* ForgetSeal(grpc::CallbackServerContext* context,
                                       const v1::ForgetSealRequest* request,
                                       v1::CheckSealsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SealService::Forget, this);
  }

 private:
  absl::StatusOr<v1::GetSealStatusResponse> GetStatus(const rpc::Call& call,
                                                      const v1::GetSealStatusRequest& request);
  absl::StatusOr<v1::CheckSealsResponse> Check(const rpc::Call& call,
                                               const v1::CheckSealsRequest& request);
  absl::StatusOr<v1::CheckSealsResponse> Forget(const rpc::Call& call,
                                                const v1::ForgetSealRequest& request);

  rpc::Pipeline& pipeline_;
  RootKeys& root_;
  RootKeyStore& store_;
};

}  // namespace kasbah::vault
