#pragma once

#include "kasbah/vault/v1/rewraps.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/rewrap.h"
#include "services/vault/domain/root_keys.h"
#include "services/vault/store/key_store.h"
#include "services/vault/upkeep/key_retirement.h"

namespace kasbah::vault {

// Rewraps as operators see them: the work itself is Rewrapper's, on whichever replica.
class RewrapService final : public v1::RewrapService::CallbackService {
 public:
  RewrapService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                const RootKeys& root, KeyStore& keys, const KeyRetirement& retirement,
                const Clock& clock);

  grpc::ServerUnaryReactor* StartRewrap(grpc::CallbackServerContext* context,
                                        const v1::StartRewrapRequest* request,
                                        v1::Rewrap* reply) override {
    return pipeline_.Run(context, *request, reply, &RewrapService::Start, this);
  }
  grpc::ServerUnaryReactor* GetRewrap(grpc::CallbackServerContext* context,
                                      const v1::GetRewrapRequest* request,
                                      v1::Rewrap* reply) override {
    return pipeline_.Run(context, *request, reply, &RewrapService::Get, this);
  }
  grpc::ServerUnaryReactor* ListRewraps(grpc::CallbackServerContext* context,
                                        const v1::ListRewrapsRequest* request,
                                        v1::ListRewrapsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RewrapService::List, this);
  }
  grpc::ServerUnaryReactor* PauseRewrap(grpc::CallbackServerContext* context,
                                        const v1::PauseRewrapRequest* request,
                                        v1::Rewrap* reply) override {
    return pipeline_.Run(context, *request, reply, &RewrapService::Pause, this);
  }
  grpc::ServerUnaryReactor* ResumeRewrap(grpc::CallbackServerContext* context,
                                         const v1::ResumeRewrapRequest* request,
                                         v1::Rewrap* reply) override {
    return pipeline_.Run(context, *request, reply, &RewrapService::Resume, this);
  }
  grpc::ServerUnaryReactor* CancelRewrap(grpc::CallbackServerContext* context,
                                         const v1::CancelRewrapRequest* request,
                                         v1::Rewrap* reply) override {
    return pipeline_.Run(context, *request, reply, &RewrapService::Cancel, this);
  }

 private:
  absl::StatusOr<v1::Rewrap> Start(const rpc::Call& call, const v1::StartRewrapRequest& request);
  absl::StatusOr<v1::Rewrap> Get(const rpc::Call& call, const v1::GetRewrapRequest& request);
  absl::StatusOr<v1::ListRewrapsResponse> List(const rpc::Call& call,
                                               const v1::ListRewrapsRequest& request);
  absl::StatusOr<v1::Rewrap> Pause(const rpc::Call& call, const v1::PauseRewrapRequest& request);
  absl::StatusOr<v1::Rewrap> Resume(const rpc::Call& call, const v1::ResumeRewrapRequest& request);
  absl::StatusOr<v1::Rewrap> Cancel(const rpc::Call& call, const v1::CancelRewrapRequest& request);

  absl::Status Admit(const rpc::Call& call) const;
  absl::StatusOr<v1::Rewrap> SetState(const rpc::Call& call, const std::string& id,
                                      std::string_view action, RewrapState state);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const RootKeys& root_;
  KeyStore& keys_;
  const KeyRetirement& retirement_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
