#pragma once

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/store/key_store.h"

namespace kasbah::vault {

// A tenant's keys: what there is, and rotation.
class KeyService final : public v1::KeyService::CallbackService {
 public:
  KeyService(rpc::Pipeline& pipeline, const RootKeys& root, KeyRing& ring, KeyStore& keys)
      : pipeline_(pipeline), root_(root), ring_(ring), keys_(keys) {}

  grpc::ServerUnaryReactor* ListKeys(grpc::CallbackServerContext* context,
                                     const v1::ListKeysRequest* request,
                                     v1::ListKeysResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::List, this);
  }
  grpc::ServerUnaryReactor* RotateKey(grpc::CallbackServerContext* context,
                                      const v1::RotateKeyRequest* request,
                                      v1::Key* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::Rotate, this);
  }

 private:
  absl::StatusOr<v1::ListKeysResponse> List(const rpc::Call& call,
                                            const v1::ListKeysRequest& request);
  absl::StatusOr<v1::Key> Rotate(const rpc::Call& call, const v1::RotateKeyRequest& request);

  rpc::Pipeline& pipeline_;
  const RootKeys& root_;
  KeyRing& ring_;
  KeyStore& keys_;
};

}  // namespace kasbah::vault
