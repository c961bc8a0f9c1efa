#include "libs/rpc/passage.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/rpc/status_mapping.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/span.h"
#include "libs/telemetry/trace.h"

namespace kasbah::rpc {
namespace {

constexpr size_t kLongestRequestId = 64;
constexpr size_t kLongestUserAgent = 256;
// gRPC says "no deadline" with the end of its time.
constexpr absl::Duration kNoDeadline = absl::Hours(24 * 365);

bool IsRequestId(std::string_view text) {
  return !text.empty() && text.size() <= kLongestRequestId && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

// "ipv4:10.0.0.7:40312" and "ipv6:%5B::1%5D:40312" without scheme and port.
std::string AddressOf(std::string_view peer) {
  const size_t scheme = peer.find(':');
  const size_t port = peer.rfind(':');
  if (scheme == std::string_view::npos || port <= scheme) return "";
  std::string_view address = peer.substr(scheme + 1, port - scheme - 1);
  if (address.starts_with("%5B") && address.ends_with("%5D")) {
    address = address.substr(3, address.size() - 6);
  } else if (address.starts_with("[") && address.ends_with("]")) {
    address = address.substr(1, address.size() - 2);
  }
  return std::string(address);
}

// What the machinery below a handler says without a reason, though it is no fault of ours.
absl::Status Explained(absl::Status status) {
  if (status.ok() || !ReasonOf(status).empty()) return status;
  if (absl::IsDeadlineExceeded(status)) {
    return Error(status.code(), reason::kDeadlineExceeded, "the call's deadline has passed");
  }
  if (absl::IsCancelled(status)) {
    return Error(status.code(), "CANCELLED", "the call was cancelled");
  }
  return status;
}

// The call as a span of its trace, where one is kept.
void Record(const Arrival& arrival, const grpc::Status& answer, const absl::Status& status,
            absl::Duration took) {
  const Call& call = arrival.call;
  if (!telemetry::KeepsSpan(call.traceparent)) return;
  const absl::Time end = absl::Now();
  telemetry::RecordSpan({
      .traceparent = call.traceparent,
      .parent_span_id = std::string(telemetry::SpanIdOf(arrival.metadata.traceparent)),
      .method = std::string(call.method),
      .start = end - took,
      .end = end,
      .code = answer.error_code(),
      .code_name = std::string(CodeName(answer.error_code())),
      .reason = ReasonOf(status),
      .workload = call.workload,
      .tenant = call.tenant.is_nil() ? "" : call.tenant.ToString(),
  });
}

}  // namespace

absl::Status Draining() {
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "DRAINING",
                              "the server is stopping; another one answers"),
                        absl::Milliseconds(100));
}

absl::Status Overloaded() {
  return WithRetryDelay(Error(absl::StatusCode::kResourceExhausted, reason::kOverloaded,
                              "the server has more calls than it can take"),
                        absl::Milliseconds(250));
}

Passage::Passage(const PassageParts& parts, const MethodRules& method, CallMetrics& metrics,
                 grpc::CallbackServerContext* context, const google::protobuf::Message* request)
    : parts_(parts),
      metrics_(metrics),
      context_(context),
      request_(request),
      start_(std::chrono::steady_clock::now()),
      arrival_(method, *context) {
  arrival_.call.method = method.policy.name;
  metrics_.Started();
}

void Passage::TakeRequestId() {
  Call& call = arrival_.call;
  const CallMetadata& metadata = arrival_.metadata;
  call.request_id = IsRequestId(metadata.request_id) ? std::string(metadata.request_id)
                                                     : Uuid::V7(parts_.clock.Now()).ToString();
  context_->AddInitialMetadata("x-request-id", call.request_id);
  call.traceparent = telemetry::StartSpan(metadata.traceparent);
  call.source_address = AddressOf(context_->peer());
  call.user_agent = std::string(metadata.user_agent.substr(0, kLongestUserAgent));
}

absl::Status Passage::TakeDeadline(bool is_stream) {
  const absl::Time now = parts_.clock.Now();
  const absl::Time asked = absl::FromChrono(context_->deadline());
  const bool none = asked > now + kNoDeadline;
  if (is_stream) {
    arrival_.call.deadline = none ? absl::InfiniteFuture() : asked;
  } else {
    arrival_.call.deadline = none ? now + parts_.options.default_deadline
                                  : std::min(asked, now + parts_.options.longest_deadline);
  }
  return CheckWanted();
}

absl::Status Passage::CheckWanted() const {
  if (parts_.clock.Now() >= arrival_.call.deadline)
    return Explained(absl::DeadlineExceededError(""));
  if (context_->IsCancelled()) return Explained(absl::CancelledError());
  return absl::OkStatus();
}

absl::Status Passage::Enter(bool is_stream) {
  TakeRequestId();
  RETURN_IF_ERROR(parts_.admission.Enter(*context_, &arrival_));
  return TakeDeadline(is_stream);
}

std::optional<absl::Status> Passage::AdmitAtOnce() {
  if (arrival_.token.empty()) return AdmitWith(nullptr);
  const auto verdict = parts_.assertions->FindCached(arrival_.token);
  if (!verdict.has_value()) return std::nullopt;
  if (!verdict->ok()) return verdict->status();
  return AdmitWith(&**verdict);
}

absl::Status Passage::Admit() {
  if (arrival_.token.empty()) return AdmitWith(nullptr);
  RETURN_IF_ERROR(CheckWanted());
  ASSIGN_OR_RETURN(const Assertion assertion, parts_.assertions->Verify(arrival_.token));
  return AdmitWith(&assertion);
}

absl::Status Passage::CheckNotRevoked() const {
  if (arrival_.token.empty()) return absl::OkStatus();
  const auto verdict = parts_.assertions->FindCached(arrival_.token);
  // That its time is over is what an assertion's verdict says last of all: nothing else is wrong.
  const bool expired = verdict && ReasonOf(verdict->status()) == "ASSERTION_INVALID";
  if (expired && !parts_.assertions->IsStale()) return absl::OkStatus();
  // A verdict is not forgotten while it is asked for twice a second.
  if (verdict && !expired) return verdict->status();
  return Error(absl::StatusCode::kUnavailable, "REVOCATIONS_STALE",
               "it is not known whether the credential still holds; try again");
}

absl::Status Passage::AdmitWith(const Assertion* assertion) {
  RETURN_IF_ERROR(parts_.admission.Authorize(assertion, &arrival_));
  return request_ == nullptr ? absl::OkStatus() : parts_.rules.Check(*request_);
}

grpc::Status Passage::Conclude(absl::Status status) {
  status = Explained(std::move(status));
  const grpc::Status answer = ToGrpcStatus(status, arrival_.call.request_id);
  const absl::Duration took = absl::FromChrono(std::chrono::steady_clock::now() - start_);
  metrics_.Handled(answer.error_code(), took);
  Record(arrival_, answer, status, took);
  Log(answer, status, took);
  if (!status.ok()) KeepRefusal(status);
  return answer;
}

void Passage::Log(const grpc::Status& answer, const absl::Status& status,
                  absl::Duration took) const {
  // Nearly every call: what the line would say is not worth making.
  if (answer.ok() && !telemetry::LogsDebug()) return;
  const Call& call = arrival_.call;
  const std::string tenant = call.tenant.is_nil() ? "" : call.tenant.ToString();
  const std::string reason = ReasonOf(status);
  const std::initializer_list<telemetry::LogField> fields = {
      {"method", call.method},
      {"peer", call.workload},
      {"code", CodeName(answer.error_code())},
      {"reason", reason},
      {"ms", absl::ToDoubleMilliseconds(took)},
      {"request_id", call.request_id},
      {"trace_id", telemetry::TraceIdOf(call.traceparent)},
      {"tenant", tenant},
  };
  if (answer.ok()) return telemetry::LogDebug("call", fields);
  telemetry::LogInfo("call", fields);
  if (answer.error_code() == grpc::StatusCode::INTERNAL) {
    telemetry::LogError("a call failed for a fault of ours",
                        {{"method", call.method},
                         {"request_id", call.request_id},
                         {"trace_id", telemetry::TraceIdOf(call.traceparent)},
                         {"error", FromAbsl(status.message())}});
  }
}

void Passage::KeepRefusal(const absl::Status& status) const {
  const bool refused = absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status);
  const bool recorded = arrival_.method.policy.access.audit() != policy::v1::AUDIT_CLASS_READ;
  if (refused && recorded && parts_.decisions != nullptr) {
    parts_.decisions->Denied(arrival_.call, ReasonOf(status));
  }
}

}  // namespace kasbah::rpc
