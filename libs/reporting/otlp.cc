#include "libs/reporting/otlp.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "libs/base/strings.h"
#include "libs/telemetry/trace.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace kasbah::reporting {
namespace {

namespace common = ::opentelemetry::proto::common::v1;
namespace collector = ::opentelemetry::proto::collector::trace::v1;
namespace trace = ::opentelemetry::proto::trace::v1;

using Attributes = google::protobuf::RepeatedPtrField<common::KeyValue>;

constexpr uint32_t kSampled = 0x01;
constexpr uint32_t kKnowsWhetherRemote = 0x100;
constexpr uint32_t kRemote = 0x200;
// A collector is no more to be trusted with our log than anybody else.
constexpr size_t kLongestMessage = 200;

void Add(std::string_view key, std::string_view value, Attributes* attributes) {
  if (value.empty()) return;
  common::KeyValue* attribute = attributes->Add();
  attribute->set_key(std::string(key));
  attribute->mutable_value()->set_string_value(std::string(value));
}

std::string Bytes(std::string_view hex) { return absl::HexStringToBytes(ToAbsl(hex)); }

uint64_t Nanos(absl::Time time) {
  return static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixNanos(time), 0));
}

// The codes that say of a server that it failed (OpenTelemetry's conventions for gRPC): UNKNOWN,
// DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. Others are an answer.
bool IsServersFault(int code) {
  return code == 2 || code == 4 || code == 12 || code == 13 || code == 14 || code == 15;
}

// "service/webhook" whole; "operator" of "operator/ada", "tenant" of "tenant/…/workload/…".
std::string_view PeerOf(std::string_view workload) {
  return workload.starts_with("service/") ? workload : workload.substr(0, workload.find('/'));
}

void Fill(const telemetry::Span& from, trace::Span* span) {
  span->set_trace_id(Bytes(telemetry::TraceIdOf(from.traceparent)));
  span->set_span_id(Bytes(telemetry::SpanIdOf(from.traceparent)));
  span->set_parent_span_id(Bytes(from.parent_span_id));
  span->set_flags((telemetry::IsSampled(from.traceparent) ? kSampled : 0) | kKnowsWhetherRemote |
                  (from.parent_span_id.empty() ? 0 : kRemote));
  span->set_name(from.method);
  span->set_kind(trace::Span::SPAN_KIND_SERVER);
  span->set_start_time_unix_nano(Nanos(from.start));
  span->set_end_time_unix_nano(std::max(Nanos(from.start), Nanos(from.end)));

  Attributes* attributes = span->mutable_attributes();
  const std::string_view method = from.method;
  const size_t slash = method.find('/');
  Add("rpc.system", "grpc", attributes);
  Add("rpc.service", method.substr(0, slash), attributes);
  if (slash != std::string_view::npos) Add("rpc.method", method.substr(slash + 1), attributes);
  common::KeyValue* code = attributes->Add();
  code->set_key("rpc.grpc.status_code");
  code->mutable_value()->set_int_value(from.code);
  Add("kasbah.reason", from.reason, attributes);
  Add("kasbah.workload", PeerOf(from.workload), attributes);
  Add("kasbah.tenant", from.tenant, attributes);
  if (!IsServersFault(from.code)) return;
  Add("error.type", from.code_name, attributes);
  span->mutable_status()->set_code(trace::Status::STATUS_CODE_ERROR);
}

}  // namespace

std::string EncodeSpans(const Origin& origin, const std::vector<telemetry::Span>& spans) {
  collector::ExportTraceServiceRequest request;
  trace::ResourceSpans* all = request.add_resource_spans();
  Attributes* resource = all->mutable_resource()->mutable_attributes();
  Add("service.namespace", "kasbah", resource);
  Add("service.name", origin.service, resource);
  Add("service.version", origin.version, resource);
  Add("service.instance.id", origin.instance, resource);
  Add("deployment.environment.name", origin.environment, resource);
  trace::ScopeSpans* scope = all->add_scope_spans();
  scope->mutable_scope()->set_name("kasbah.rpc");
  scope->mutable_scope()->set_version(origin.version);
  for (const telemetry::Span& span : spans) Fill(span, scope->add_spans());
  return request.SerializeAsString();
}

PartialSuccess ParseExportAnswer(std::string_view body) {
  collector::ExportTraceServiceResponse answer;
  if (!answer.ParseFromArray(body.data(), static_cast<int>(body.size()))) return {};
  const collector::ExportTracePartialSuccess& partial = answer.partial_success();
  return {std::max<int64_t>(partial.rejected_spans(), 0),
          partial.error_message().substr(0, kLongestMessage)};
}

}  // namespace kasbah::reporting
