#pragma once

#include <functional>
#include <string>

#include "kasbah/status/v1/status.grpc.pb.h"
#include "libs/rpc/pipeline.h"

namespace kasbah::rpc {

// Whether a call's tenant is active, as the database has it; blocks.
using CheckTenant = std::function<absl::Status(const CallContext&)>;

// What every process answers about itself. Ping blocks on nothing.
class StatusService final : public status::v1::StatusService::CallbackService {
 public:
  // `server`: "kasbah-vault 0.1.0". `check_tenant` may be null: a server without a database.
  StatusService(Pipeline& pipeline, std::string server, CheckTenant check_tenant);

  grpc::ServerUnaryReactor* Ping(grpc::CallbackServerContext* context,
                                 const status::v1::PingRequest* request,
                                 status::v1::PingResponse* reply) override {
    return pipeline_.RunInline(context, *request, reply, &StatusService::AnswerPing, this);
  }
  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context,
                                   const status::v1::WhoAmIRequest* request,
                                   status::v1::WhoAmIResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &StatusService::AnswerWhoAmI, this);
  }

 private:
  absl::StatusOr<status::v1::PingResponse> AnswerPing(const Call& call,
                                                      const status::v1::PingRequest& request);
  absl::StatusOr<status::v1::WhoAmIResponse> AnswerWhoAmI(const Call& call,
                                                          const status::v1::WhoAmIRequest& request);

  Pipeline& pipeline_;
  const std::string server_;
  const CheckTenant check_tenant_;
};

}  // namespace kasbah::rpc
