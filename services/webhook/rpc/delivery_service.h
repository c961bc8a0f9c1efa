#pragma once

#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/webhook/store/delivery_store.h"

namespace kasbah::webhook {

// What was and will be sent.
class DeliveryService final : public v1::DeliveryService::CallbackService {
 public:
  DeliveryService(rpc::Pipeline& pipeline, postgres::Database& database);

  grpc::ServerUnaryReactor* ListDeliveries(grpc::CallbackServerContext* context,
                                           const v1::ListDeliveriesRequest* request,
                                           v1::ListDeliveriesResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &DeliveryService::List, this);
  }
  grpc::ServerUnaryReactor* ListAttempts(grpc::CallbackServerContext* context,
                                         const v1::ListAttemptsRequest* request,
                                         v1::ListAttemptsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &DeliveryService::Attempts, this);
  }

 private:
  absl::StatusOr<v1::ListDeliveriesResponse> List(const rpc::Call& call,
                                                  const v1::ListDeliveriesRequest& request);
  absl::StatusOr<v1::ListAttemptsResponse> Attempts(const rpc::Call& call,
                                                    const v1::ListAttemptsRequest& request);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  const DeliveryStore deliveries_{};
};

}  // namespace kasbah::webhook
