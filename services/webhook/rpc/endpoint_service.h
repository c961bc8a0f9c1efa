#pragma once

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/http/url.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/webhook/store/endpoint_store.h"

namespace kasbah::webhook {

// A tenant's endpoints. A secret is made here, sealed by the vault, shown once and then known to
// the vault alone.
class EndpointService final : public v1::EndpointService::CallbackService {
 public:
  EndpointService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                  std::shared_ptr<grpc::Channel> vault, http::UrlRules rules,
                  http::AddressGuard guard, const Clock& clock);

  grpc::ServerUnaryReactor* CreateEndpoint(grpc::CallbackServerContext* context,
                                           const v1::CreateEndpointRequest* request,
                                           v1::CreateEndpointResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &EndpointService::Create, this);
  }
  grpc::ServerUnaryReactor* GetEndpoint(grpc::CallbackServerContext* context,
                                        const v1::GetEndpointRequest* request,
                                        v1::Endpoint* reply) override {
    return pipeline_.Run(context, *request, reply, &EndpointService::Get, this);
  }
  grpc::ServerUnaryReactor* ListEndpoints(grpc::CallbackServerContext* context,
                                          const v1::ListEndpointsRequest* request,
                                          v1::ListEndpointsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &EndpointService::List, this);
  }
  grpc::ServerUnaryReactor* DeleteEndpoint(grpc::CallbackServerContext* context,
                                           const v1::DeleteEndpointRequest* request,
                                           v1::DeleteEndpointResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &EndpointService::Delete, this);
  }

 private:
  absl::StatusOr<v1::CreateEndpointResponse> Create(const rpc::Call& call,
                                                    const v1::CreateEndpointRequest& request);
  absl::StatusOr<v1::Endpoint> Get(const rpc::Call& call, const v1::GetEndpointRequest& request);
  absl::StatusOr<v1::ListEndpointsResponse> List(const rpc::Call& call,
                                                 const v1::ListEndpointsRequest& request);
  absl::StatusOr<v1::DeleteEndpointResponse> Delete(const rpc::Call& call,
                                                    const v1::DeleteEndpointRequest& request);

  absl::StatusOr<Endpoint> ParseEndpoint(const v1::CreateEndpointRequest& request) const;
  absl::StatusOr<std::string> Seal(const rpc::Call& call, EndpointId endpoint,
                                   const std::string& secret);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  std::unique_ptr<vault::v1::CryptoService::Stub> vault_;
  const http::UrlRules rules_;
  const http::AddressGuard guard_;
  const Clock& clock_;
  const EndpointStore endpoints_{};
};

}  // namespace kasbah::webhook
