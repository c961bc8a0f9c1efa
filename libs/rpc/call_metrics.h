#pragma once

#include <grpcpp/grpcpp.h>

#include <array>
#include <atomic>
#include <string>

#include "absl/time/time.h"
#include "libs/rpc/policy_table.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::rpc {

// The counters of one method, under the names that gRPC dashboards know: grpc_server_started_total,
// grpc_server_handled_total, grpc_server_handling_seconds. Thread safe.
class CallMetrics {
 public:
  explicit CallMetrics(const MethodPolicy& method);

  void Started() { started_.Add(); }
  void Handled(grpc::StatusCode code, absl::Duration took);

 private:
  const telemetry::Labels labels_;
  telemetry::Counter& started_;
  telemetry::Histogram& seconds_;
  // By status code; found when first used, so that a method shows only codes it has answered.
  std::array<std::atomic<telemetry::Counter*>, 17> handled_{};
};

// "NOT_FOUND".
std::string_view CodeName(grpc::StatusCode code);

}  // namespace kasbah::rpc
