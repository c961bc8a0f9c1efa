#pragma once

#include <vector>

#include "kasbah/usage/v1/meters.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "libs/usage/meter.h"
#include "libs/usage/quota_statements.h"

namespace kasbah::usage {

// MeterService for the meters that a service has.
class MeterService final : public v1::MeterService::CallbackService {
 public:
  MeterService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
               const Clock& clock, const QuotaStatements& quotas, std::vector<Meter> meters);

  grpc::ServerUnaryReactor* CountUsage(grpc::CallbackServerContext* context,
                                       const v1::CountUsageRequest* request,
                                       v1::CountUsageResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &MeterService::Count, this);
  }
  grpc::ServerUnaryReactor* ApplyQuota(grpc::CallbackServerContext* context,
                                       const v1::ApplyQuotaRequest* request,
                                       v1::ApplyQuotaResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &MeterService::Apply, this);
  }

 private:
  absl::StatusOr<v1::CountUsageResponse> Count(const rpc::Call& call,
                                               const v1::CountUsageRequest& request);
  absl::StatusOr<v1::ApplyQuotaResponse> Apply(const rpc::Call& call,
                                               const v1::ApplyQuotaRequest& request);
  // One round trip for all `meters` of one tenant.
  absl::Status CountTenant(const CallContext& call, absl::Time day,
                           const std::vector<const Meter*>& meters, v1::CountUsageResponse* reply);
  // As the limit is from now on: whether that is another, of which there is an event then.
  absl::StatusOr<bool> Change(const CallContext& call, const Meter& meter,
                              const std::optional<uint64_t>& limit);
  // The rows, and what is left by a count under their locks.
  absl::Status Put(postgres::Transaction& tx, const CallContext& call, const Meter& meter,
                   uint64_t limit);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  const QuotaStatements quotas_;
  const std::vector<Meter> meters_;
};

}  // namespace kasbah::usage
