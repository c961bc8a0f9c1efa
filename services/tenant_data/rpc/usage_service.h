#pragma once

#include "kasbah/tenantdata/v1/usage.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/usage/usage_counter.h"

namespace kasbah::tenantdata {

// What tenants use, for whoever bills them, and their limits.
class UsageService final : public v1::UsageService::CallbackService {
 public:
  // `door` is the registry's.
  UsageService(rpc::Pipeline& pipeline, postgres::Door& door, outbox::Outbox& outbox,
               UsageCounter& counter, const Clock& clock)
      : pipeline_(pipeline), door_(door), outbox_(outbox), counter_(counter), clock_(clock) {}

  grpc::ServerUnaryReactor* ListUsage(grpc::CallbackServerContext* context,
                                      const v1::ListUsageRequest* request,
                                      v1::ListUsageResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &UsageService::List, this);
  }
  grpc::ServerUnaryReactor* GetUsage(grpc::CallbackServerContext* context,
                                     const v1::GetUsageRequest* request,
                                     v1::TenantUsage* reply) override {
    return pipeline_.Run(context, *request, reply, &UsageService::Get, this);
  }
  grpc::ServerUnaryReactor* SetQuota(grpc::CallbackServerContext* context,
                                     const v1::SetQuotaRequest* request,
                                     v1::Quota* reply) override {
    return pipeline_.Run(context, *request, reply, &UsageService::Set, this);
  }

 private:
  absl::StatusOr<v1::ListUsageResponse> List(const rpc::Call& call,
                                             const v1::ListUsageRequest& request);
  absl::StatusOr<v1::TenantUsage> Get(const rpc::Call& call, const v1::GetUsageRequest& request);
  absl::StatusOr<v1::Quota> Set(const rpc::Call& call, const v1::SetQuotaRequest& request);

  rpc::Pipeline& pipeline_;
  postgres::Door& door_;
  outbox::Outbox& outbox_;
  UsageCounter& counter_;
  const Clock& clock_;
};

}  // namespace kasbah::tenantdata
