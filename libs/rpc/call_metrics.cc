#include "libs/rpc/call_metrics.h"

#include "absl/status/status.h"
#include "libs/base/strings.h"

namespace kasbah::rpc {
namespace {

constexpr std::array<std::string_view, 17> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

telemetry::Labels LabelsOf(const MethodPolicy& method) {
  return {{"grpc_type", method.method->server_streaming() ? "server_stream" : "unary"},
          {"grpc_service", method.method->service()->full_name()},
          {"grpc_method", method.method->name()}};
}

}  // namespace

std::string_view CodeName(grpc::StatusCode code) {
  const auto index = static_cast<size_t>(code);
  return index < kCodeNames.size() ? kCodeNames[index] : "UNKNOWN";
}

CallMetrics::CallMetrics(const MethodPolicy& method)
    : labels_(LabelsOf(method)),
      started_(telemetry::GetCounter("grpc_server_started_total", "Calls that arrived", labels_)),
      seconds_(telemetry::GetHistogram("grpc_server_handling_seconds",
                                       "From a call's arrival to its answer", labels_)) {}

void CallMetrics::Handled(grpc::StatusCode code, absl::Duration took) {
  seconds_.Observe(absl::ToDoubleSeconds(took));
  const auto index = static_cast<size_t>(code) < handled_.size() ? static_cast<size_t>(code)
                                                                 : size_t{grpc::UNKNOWN};
  telemetry::Counter* counter = handled_[index].load(std::memory_order_acquire);
  if (counter == nullptr) {
    telemetry::Labels labels = labels_;
    labels.emplace_back("grpc_code", CodeName(code));
    counter =
        &telemetry::GetCounter("grpc_server_handled_total", "Calls that were answered", labels);
    handled_[index].store(counter, std::memory_order_release);
  }
  counter->Add();
}

}  // namespace kasbah::rpc
