#include "libs/rpc/channel.h"

#include <stdlib.h>

#include "libs/base/status_macros.h"
#include "libs/telemetry/trace.h"

namespace kasbah::rpc {
namespace {

constexpr int kLargestMessage = 8 * 1024 * 1024;
constexpr int kLargestMetadata = 64 * 1024;

// A process that only calls has nobody to watch its connections between calls but gRPC's backup
// poller, every 5 s: too seldom for a handshake to end before it is given up, so a peer that was
// restarted would stay unreachable. Read once, when gRPC starts.
void PollOftenEnough() {
  [[maybe_unused]] static const int once =
      setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "50", /*overwrite=*/0);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> CreateChannel(const std::string& target,
                                                             const std::string& server_id,
                                                             const TlsFiles& files) {
  PollOftenEnough();
  ASSIGN_OR_RETURN(const auto credentials, ClientTls(files, server_id));
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetMaxReceiveMessageSize(kLargestMessage);
  arguments.SetMaxSendMessageSize(kLargestMessage);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kLargestMetadata);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 1);
  // A peer that restarts is found again within a second or two, not gRPC's two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // A peer whose every pod was replaced is looked up again at once, not after gRPC's half minute: a
  // rollback on the heels of an upgrade replaces all that was looked up for the upgrade.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 500);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

void Propagate(const CallContext& call, grpc::ClientContext* context) {
  if (call.deadline != absl::InfiniteFuture()) {
    context->set_deadline(absl::ToChronoTime(call.deadline));
  }
  if (!call.request_id.empty()) context->AddMetadata("x-request-id", call.request_id);
  // The caller's own span, which is exported, is the callee's parent: an id made up for the way
  // between would be a parent that no collector ever sees. Work that no call asked for has none,
  // and the callee begins the trace.
  if (!telemetry::TraceIdOf(call.traceparent).empty()) {
    context->AddMetadata("traceparent", call.traceparent);
  }
  if (!call.tenant.is_nil()) context->AddMetadata("kasbah-tenant", call.tenant.ToString());
  if (call.customer.has_value()) context->AddMetadata("kasbah-customer", call.customer->ToString());
}

}  // namespace kasbah::rpc
