#pragma once

#include "kasbah/audit/v1/holds.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"

namespace kasbah::audit {

// Legal holds: events that stay, whatever the retention says. Placing and releasing one are events.
class HoldService final : public v1::HoldService::CallbackService {
 public:
  HoldService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
              const Clock& clock);

  grpc::ServerUnaryReactor* CreateHold(grpc::CallbackServerContext* context,
                                       const v1::CreateHoldRequest* request,
                                       v1::Hold* reply) override {
    return pipeline_.Run(context, *request, reply, &HoldService::Create, this);
  }
  grpc::ServerUnaryReactor* ReleaseHold(grpc::CallbackServerContext* context,
                                        const v1::ReleaseHoldRequest* request,
                                        v1::Hold* reply) override {
    return pipeline_.Run(context, *request, reply, &HoldService::Release, this);
  }
  grpc::ServerUnaryReactor* ListHolds(grpc::CallbackServerContext* context,
                                      const v1::ListHoldsRequest* request,
                                      v1::ListHoldsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &HoldService::List, this);
  }

 private:
  absl::StatusOr<v1::Hold> Create(const rpc::Call& call, const v1::CreateHoldRequest& request);
  absl::StatusOr<v1::Hold> Release(const rpc::Call& call, const v1::ReleaseHoldRequest& request);
  absl::StatusOr<v1::ListHoldsResponse> List(const rpc::Call& call,
                                             const v1::ListHoldsRequest& request);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
