#pragma once

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/store/key_store.h"

namespace kasbah::vault {

// The installation's own keys, for operators. The one place where a call that names no tenant
// becomes one of the system tenant.
class SystemKeyService final : public v1::SystemKeyService::CallbackService {
 public:
  SystemKeyService(rpc::Pipeline& pipeline, const RootKeys& root, KeyRing& ring, KeyStore& keys);

  grpc::ServerUnaryReactor* ListSystemKeys(grpc::CallbackServerContext* context,
                                           const v1::ListSystemKeysRequest* request,
                                           v1::ListSystemKeysResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SystemKeyService::List, this);
  }
  grpc::ServerUnaryReactor* RotateSystemKey(grpc::CallbackServerContext* context,
                                            const v1::RotateSystemKeyRequest* request,
                                            v1::Key* reply) override {
    return pipeline_.Run(context, *request, reply, &SystemKeyService::Rotate, this);
  }
  grpc::ServerUnaryReactor* SetSystemKeyRotation(grpc::CallbackServerContext* context,
                                                 const v1::SetSystemKeyRotationRequest* request,
                                                 v1::Key* reply) override {
    return pipeline_.Run(context, *request, reply, &SystemKeyService::SetRotation, this);
  }

 private:
  absl::StatusOr<v1::ListSystemKeysResponse> List(const rpc::Call& call,
                                                  const v1::ListSystemKeysRequest& request);
  absl::StatusOr<v1::Key> Rotate(const rpc::Call& call, const v1::RotateSystemKeyRequest& request);
  absl::StatusOr<v1::Key> SetRotation(const rpc::Call& call,
                                      const v1::SetSystemKeyRotationRequest& request);

  rpc::Pipeline& pipeline_;
  const RootKeys& root_;
  KeyRing& ring_;
  KeyStore& keys_;
};

}  // namespace kasbah::vault
