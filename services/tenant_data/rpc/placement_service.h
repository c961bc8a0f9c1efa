#pragma once

#include "kasbah/tenantdata/v1/placement.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/placement/placements.h"

namespace kasbah::tenantdata {

// Where tenants' records are, and moving them, for operators.
class PlacementService final : public v1::PlacementService::CallbackService {
 public:
  PlacementService(rpc::Pipeline& pipeline, Placements& placements);

  grpc::ServerUnaryReactor* ListShards(grpc::CallbackServerContext* context,
                                       const v1::ListShardsRequest* request,
                                       v1::ListShardsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &PlacementService::Shards, this);
  }
  grpc::ServerUnaryReactor* GetPlacement(grpc::CallbackServerContext* context,
                                         const v1::GetPlacementRequest* request,
                                         v1::TenantPlacement* reply) override {
    return pipeline_.Run(context, *request, reply, &PlacementService::Placement, this);
  }
  grpc::ServerUnaryReactor* StartMove(grpc::CallbackServerContext* context,
                                      const v1::StartMoveRequest* request,
                                      v1::Move* reply) override {
    return pipeline_.Run(context, *request, reply, &PlacementService::Start, this);
  }
  grpc::ServerUnaryReactor* GetMove(grpc::CallbackServerContext* context,
                                    const v1::GetMoveRequest* request, v1::Move* reply) override {
    return pipeline_.Run(context, *request, reply, &PlacementService::Get, this);
  }
  grpc::ServerUnaryReactor* ListMoves(grpc::CallbackServerContext* context,
                                      const v1::ListMovesRequest* request,
                                      v1::ListMovesResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &PlacementService::List, this);
  }
  grpc::ServerUnaryReactor* CancelMove(grpc::CallbackServerContext* context,
                                       const v1::CancelMoveRequest* request,
                                       v1::Move* reply) override {
    return pipeline_.Run(context, *request, reply, &PlacementService::Cancel, this);
  }

 private:
  absl::StatusOr<v1::ListShardsResponse> Shards(const rpc::Call& call,
                                                const v1::ListShardsRequest& request);
  absl::StatusOr<v1::TenantPlacement> Placement(const rpc::Call& call,
                                                const v1::GetPlacementRequest& request);
  absl::StatusOr<v1::Move> Start(const rpc::Call& call, const v1::StartMoveRequest& request);
  absl::StatusOr<v1::Move> Get(const rpc::Call& call, const v1::GetMoveRequest& request);
  absl::StatusOr<v1::ListMovesResponse> List(const rpc::Call& call,
                                             const v1::ListMovesRequest& request);
  absl::StatusOr<v1::Move> Cancel(const rpc::Call& call, const v1::CancelMoveRequest& request);

  rpc::Pipeline& pipeline_;
  Placements& placements_;
};

}  // namespace kasbah::tenantdata
