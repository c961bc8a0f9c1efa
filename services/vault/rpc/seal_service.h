#pragma once

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/root_keys.h"

namespace kasbah::vault {

// Whether the vault is sealed: the one call that is answered either way.
class SealService final : public v1::SealService::CallbackService {
 public:
  SealService(rpc::Pipeline& pipeline, const RootKeys& root) : pipeline_(pipeline), root_(root) {}

  grpc::ServerUnaryReactor* GetSealStatus(grpc::CallbackServerContext* context,
                                          const v1::GetSealStatusRequest* request,
                                          v1::GetSealStatusResponse* reply) override {
    return pipeline_.RunInline(context, *request, reply, &SealService::GetStatus, this);
  }

 private:
  absl::StatusOr<v1::GetSealStatusResponse> GetStatus(const rpc::Call&,
                                                      const v1::GetSealStatusRequest&) {
    v1::GetSealStatusResponse reply;
    reply.set_sealed(!root_.Ready().ok());
    reply.set_seal(std::string(root_.seal_name()));
    reply.set_root_key_version(root_.version());
    return reply;
  }

  rpc::Pipeline& pipeline_;
  const RootKeys& root_;
};

}  // namespace kasbah::vault
