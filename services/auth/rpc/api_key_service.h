#pragma once

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/auth/store/api_key_store.h"

namespace kasbah::auth {

// A tenant's API keys.
class ApiKeyService : public v1::ApiKeyService::CallbackService {
 public:
  ApiKeyService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                const Clock& clock);

  grpc::ServerUnaryReactor* CreateApiKey(grpc::CallbackServerContext* context,
                                         const v1::CreateApiKeyRequest* request,
                                         v1::CreateApiKeyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ApiKeyService::Create, this);
  }
  grpc::ServerUnaryReactor* ListApiKeys(grpc::CallbackServerContext* context,
                                        const v1::ListApiKeysRequest* request,
                                        v1::ListApiKeysResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ApiKeyService::List, this);
  }
  grpc::ServerUnaryReactor* RevokeApiKey(grpc::CallbackServerContext* context,
                                         const v1::RevokeApiKeyRequest* request,
                                         v1::RevokeApiKeyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ApiKeyService::Revoke, this);
  }
  grpc::ServerUnaryReactor* RotateApiKey(grpc::CallbackServerContext* context,
                                         const v1::RotateApiKeyRequest* request,
                                         v1::RotateApiKeyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ApiKeyService::Rotate, this);
  }

 private:
  absl::StatusOr<v1::CreateApiKeyResponse> Create(const rpc::Call& call,
                                                  const v1::CreateApiKeyRequest& request);
  absl::StatusOr<v1::ListApiKeysResponse> List(const rpc::Call& call,
                                               const v1::ListApiKeysRequest& request);
  absl::StatusOr<v1::RevokeApiKeyResponse> Revoke(const rpc::Call& call,
                                                  const v1::RevokeApiKeyRequest& request);
  absl::StatusOr<v1::RotateApiKeyResponse> Rotate(const rpc::Call& call,
                                                  const v1::RotateApiKeyRequest& request);

  // Ends `key` now, and its assertions with it.
  void End(postgres::Transaction& tx, const rpc::Call& call, ApiKeyId key, absl::Time now) const;

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  const ApiKeyStore keys_{};
};

}  // namespace kasbah::auth
