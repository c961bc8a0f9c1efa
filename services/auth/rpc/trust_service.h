#pragma once

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/rpc/pipeline.h"
#include "services/auth/trust/key_set.h"
#include "services/auth/trust/revocation_feed.h"

namespace kasbah::auth {

// What everybody else needs to check assertions by themselves.
class TrustService : public v1::TrustService::CallbackService {
 public:
  TrustService(rpc::Pipeline& pipeline, KeySet& keys, RevocationFeed& revocations,
               const Clock& clock);

  grpc::ServerUnaryReactor* GetJwks(grpc::CallbackServerContext* context,
                                    const v1::GetJwksRequest* request,
                                    v1::GetJwksResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &TrustService::Jwks, this);
  }
  grpc::ServerWriteReactor<v1::WatchRevocationsResponse>* WatchRevocations(
      grpc::CallbackServerContext* context, const v1::WatchRevocationsRequest* request) override {
    return pipeline_.RunStream(context, *request, &TrustService::Watch, this);
  }

 private:
  absl::StatusOr<v1::GetJwksResponse> Jwks(const rpc::Call& call,
                                           const v1::GetJwksRequest& request);
  absl::Status Watch(const rpc::Call& call, const v1::WatchRevocationsRequest& request,
                     rpc::StreamWriter<v1::WatchRevocationsResponse>& writer);

  rpc::Pipeline& pipeline_;
  KeySet& keys_;
  RevocationFeed& revocations_;
  const Clock& clock_;
};

}  // namespace kasbah::auth
