#pragma once

#include "kasbah/audit/v1/proofs.grpc.pb.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/log/checkpointer.h"
#include "services/audit/log/system_log.h"

namespace kasbah::audit {

// What proves a tenant's trail, and what was found where it was checked.
class ProofService final : public v1::ProofService::CallbackService {
 public:
  // `door`: ingest, behind which the system log is.
  ProofService(rpc::Pipeline& pipeline, postgres::Database& database, postgres::Door& door,
               Checkpointer& checkpointer, SystemLog& system_log);

  grpc::ServerUnaryReactor* GetTile(grpc::CallbackServerContext* context,
                                    const v1::GetTileRequest* request,
                                    v1::GetTileResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ProofService::Tile, this);
  }
  grpc::ServerUnaryReactor* GetEventProof(grpc::CallbackServerContext* context,
                                          const v1::GetEventProofRequest* request,
                                          v1::GetEventProofResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ProofService::EventProof, this);
  }
  grpc::ServerUnaryReactor* GetWitnessedHead(grpc::CallbackServerContext* context,
                                             const v1::GetWitnessedHeadRequest* request,
                                             v1::GetWitnessedHeadResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ProofService::Witnessed, this);
  }
  grpc::ServerUnaryReactor* GetSelfCheck(grpc::CallbackServerContext* context,
                                         const v1::GetSelfCheckRequest* request,
                                         v1::GetSelfCheckResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ProofService::SelfCheckOf, this);
  }
  grpc::ServerUnaryReactor* GetSystemLog(grpc::CallbackServerContext* context,
                                         const v1::GetSystemLogRequest* request,
                                         v1::GetSystemLogResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ProofService::System, this);
  }
  grpc::ServerUnaryReactor* ListDamage(grpc::CallbackServerContext* context,
                                       const v1::ListDamageRequest* request,
                                       v1::ListDamageResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ProofService::Damages, this);
  }

 private:
  absl::StatusOr<v1::GetTileResponse> Tile(const rpc::Call& call,
                                           const v1::GetTileRequest& request);
  absl::StatusOr<v1::GetEventProofResponse> EventProof(const rpc::Call& call,
                                                       const v1::GetEventProofRequest& request);
  absl::StatusOr<v1::GetWitnessedHeadResponse> Witnessed(const rpc::Call& call,
                                                         const v1::GetWitnessedHeadRequest&);
  absl::StatusOr<v1::GetSelfCheckResponse> SelfCheckOf(const rpc::Call& call,
                                                       const v1::GetSelfCheckRequest&);
  absl::StatusOr<v1::GetSystemLogResponse> System(const rpc::Call& call,
                                                  const v1::GetSystemLogRequest&);
  absl::StatusOr<v1::ListDamageResponse> Damages(const rpc::Call& call,
                                                 const v1::ListDamageRequest&);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  postgres::Door& door_;
  Checkpointer& checkpointer_;
  SystemLog& system_log_;
};

}  // namespace kasbah::audit
