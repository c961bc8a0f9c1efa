#pragma once

#include <grpcpp/grpcpp.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/auth/store/workload_store.h"

namespace kasbah::auth {

// A tenant's registered programs. They belong to the whole tenant: a caller who is here for one of
// its customers has no say over them.
class WorkloadService : public v1::WorkloadService::CallbackService {
 public:
  WorkloadService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                  std::string trust_domain, const Clock& clock);

  grpc::ServerUnaryReactor* CreateWorkload(grpc::CallbackServerContext* context,
                                           const v1::CreateWorkloadRequest* request,
                                           v1::Workload* reply) override {
    return pipeline_.Run(context, *request, reply, &WorkloadService::Create, this);
  }
  grpc::ServerUnaryReactor* GetWorkload(grpc::CallbackServerContext* context,
                                        const v1::GetWorkloadRequest* request,
                                        v1::Workload* reply) override {
    return pipeline_.Run(context, *request, reply, &WorkloadService::Get, this);
  }
  grpc::ServerUnaryReactor* ListWorkloads(grpc::CallbackServerContext* context,
                                          const v1::ListWorkloadsRequest* request,
                                          v1::ListWorkloadsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &WorkloadService::List, this);
  }
  grpc::ServerUnaryReactor* UpdateWorkload(grpc::CallbackServerContext* context,
                                           const v1::UpdateWorkloadRequest* request,
                                           v1::Workload* reply) override {
    return pipeline_.Run(context, *request, reply, &WorkloadService::Update, this);
  }
  grpc::ServerUnaryReactor* DeleteWorkload(grpc::CallbackServerContext* context,
                                           const v1::DeleteWorkloadRequest* request,
                                           v1::DeleteWorkloadResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &WorkloadService::Delete, this);
  }

 private:
  absl::StatusOr<v1::Workload> Create(const rpc::Call& call,
                                      const v1::CreateWorkloadRequest& request);
  absl::StatusOr<v1::Workload> Get(const rpc::Call& call, const v1::GetWorkloadRequest& request);
  absl::StatusOr<v1::ListWorkloadsResponse> List(const rpc::Call& call,
                                                 const v1::ListWorkloadsRequest& request);
  absl::StatusOr<v1::Workload> Update(const rpc::Call& call,
                                      const v1::UpdateWorkloadRequest& request);
  absl::StatusOr<v1::DeleteWorkloadResponse> Delete(const rpc::Call& call,
                                                    const v1::DeleteWorkloadRequest& request);

  v1::Workload Show(const rpc::Call& call, const Workload& workload) const;
  absl::Status AppendEvent(postgres::Transaction& tx, const rpc::Call& call,
                           std::string_view action, const Workload& workload) const;

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const std::string trust_domain_;
  const Clock& clock_;
  const WorkloadStore workloads_{};
};

}  // namespace kasbah::auth
