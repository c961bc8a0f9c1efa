#pragma once

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/store/key_store.h"
#include "services/vault/upkeep/key_retirement.h"

namespace kasbah::vault {

// A tenant's keys: settings, rotation and retirement.
class KeyService final : public v1::KeyService::CallbackService {
 public:
  KeyService(rpc::Pipeline& pipeline, const RootKeys& root, KeyRing& ring, KeyStore& keys,
             KeyRetirement& retirement);

  grpc::ServerUnaryReactor* CreateKey(grpc::CallbackServerContext* context,
                                      const v1::CreateKeyRequest* request,
                                      v1::Key* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::Create, this);
  }
  grpc::ServerUnaryReactor* GetKey(grpc::CallbackServerContext* context,
                                   const v1::GetKeyRequest* request, v1::Key* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::Get, this);
  }
  grpc::ServerUnaryReactor* ListKeys(grpc::CallbackServerContext* context,
                                     const v1::ListKeysRequest* request,
                                     v1::ListKeysResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::List, this);
  }
  grpc::ServerUnaryReactor* UpdateKey(grpc::CallbackServerContext* context,
                                      const v1::UpdateKeyRequest* request,
                                      v1::Key* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::Update, this);
  }
  grpc::ServerUnaryReactor* RotateKey(grpc::CallbackServerContext* context,
                                      const v1::RotateKeyRequest* request,
                                      v1::Key* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::Rotate, this);
  }
  grpc::ServerUnaryReactor* CountKeyReferences(grpc::CallbackServerContext* context,
                                               const v1::CountKeyReferencesRequest* request,
                                               v1::CountKeyReferencesResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::Count, this);
  }
  grpc::ServerUnaryReactor* DestroyKeyVersion(grpc::CallbackServerContext* context,
                                              const v1::DestroyKeyVersionRequest* request,
                                              v1::Key* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::Destroy, this);
  }
  grpc::ServerUnaryReactor* RestoreKeyVersion(grpc::CallbackServerContext* context,
                                              const v1::RestoreKeyVersionRequest* request,
                                              v1::Key* reply) override {
    return pipeline_.Run(context, *request, reply, &KeyService::Restore, this);
  }

 private:
  absl::StatusOr<v1::Key> Create(const rpc::Call& call, const v1::CreateKeyRequest& request);
  absl::StatusOr<v1::Key> Get(const rpc::Call& call, const v1::GetKeyRequest& request);
  absl::StatusOr<v1::ListKeysResponse> List(const rpc::Call& call,
                                            const v1::ListKeysRequest& request);
  absl::StatusOr<v1::Key> Update(const rpc::Call& call, const v1::UpdateKeyRequest& request);
  absl::StatusOr<v1::Key> Rotate(const rpc::Call& call, const v1::RotateKeyRequest& request);
  absl::StatusOr<v1::CountKeyReferencesResponse> Count(
      const rpc::Call& call, const v1::CountKeyReferencesRequest& request);
  absl::StatusOr<v1::Key> Destroy(const rpc::Call& call,
                                  const v1::DestroyKeyVersionRequest& request);
  absl::StatusOr<v1::Key> Restore(const rpc::Call& call,
                                  const v1::RestoreKeyVersionRequest& request);

  // Unsealed, a caller who sees all of the tenant, and the key that is named.
  absl::StatusOr<KeyName> Admit(const rpc::Call& call, const std::string& key) const;

  rpc::Pipeline& pipeline_;
  const RootKeys& root_;
  KeyRing& ring_;
  KeyStore& keys_;
  KeyRetirement& retirement_;
};

}  // namespace kasbah::vault
