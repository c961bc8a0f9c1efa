#include "libs/rpc/status_service.h"

#include <utility>

#include "libs/base/status_macros.h"

namespace kasbah::rpc {

StatusService::StatusService(Pipeline& pipeline, std::string server, CheckTenant check_tenant)
    : pipeline_(pipeline), server_(std::move(server)), check_tenant_(std::move(check_tenant)) {}

absl::StatusOr<status::v1::PingResponse> StatusService::AnswerPing(const Call&,
                                                                   const status::v1::PingRequest&) {
  status::v1::PingResponse reply;
  reply.set_server(server_);
  return reply;
}

absl::StatusOr<status::v1::WhoAmIResponse> StatusService::AnswerWhoAmI(
    const Call& call, const status::v1::WhoAmIRequest&) {
  if (check_tenant_) RETURN_IF_ERROR(check_tenant_(call));
  status::v1::WhoAmIResponse reply;
  reply.set_tenant_id(call.tenant.ToString());
  reply.set_actor_kind(call.actor.kind);
  reply.set_actor_id(call.actor.id);
  reply.set_workload(call.workload);
  reply.set_request_id(call.request_id);
  return reply;
}

}  // namespace kasbah::rpc
