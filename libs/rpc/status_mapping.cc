#include "libs/rpc/status_mapping.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "google/protobuf/any.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"

namespace kasbah::rpc {
namespace {

constexpr std::string_view kDomain = "kasbah";
// gRPC clients refuse metadata past 8 KiB, trailers and base64 included.
constexpr size_t kLongestMessage = 1000;
constexpr size_t kLargestViolations = 3000;

void AddDetail(const google::protobuf::Message& detail, google::rpc::Status* status) {
  status->add_details()->PackFrom(detail);
}

// As many violations as the trailers hold. The names of their rules, where they have one, go beside
// them into ErrorInfo.metadata, keyed by field.
void AddViolations(const std::vector<Violation>& violations, google::rpc::ErrorInfo* info,
                   google::rpc::BadRequest* bad) {
  size_t size = 0;
  for (const Violation& violation : violations) {
    size += violation.field.size() + violation.description.size() + violation.rule.size() + 16;
    if (size > kLargestViolations && bad->field_violations_size() > 0) {
      (*info->mutable_metadata())["violations"] = StrCat(violations.size());
      return;
    }
    google::rpc::BadRequest::FieldViolation* added = bad->add_field_violations();
    added->set_field(violation.field);
    added->set_description(violation.description);
    if (!violation.rule.empty()) (*info->mutable_metadata())[violation.field] = violation.rule;
  }
}

// A cut never splits a UTF-8 character.
std::string Shorten(std::string_view text) {
  if (text.size() <= kLongestMessage) return std::string(text);
  size_t end = kLongestMessage;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return StrCat(text.substr(0, end), "…");
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status, std::string_view request_id) {
  if (status.ok()) return grpc::Status::OK;
  const ErrorDetails details = DetailsOf(status);
  const bool ours = !details.reason.empty();
  const auto code =
      ours ? static_cast<grpc::StatusCode>(status.code()) : grpc::StatusCode::INTERNAL;

  google::rpc::Status rich;
  rich.set_code(code);
  rich.set_message(ours ? Shorten(FromAbsl(status.message()))
                        : StrCat("internal error; the logs tell more of request ", request_id));
  google::rpc::ErrorInfo info;
  info.set_reason(ours ? details.reason : "INTERNAL");
  info.set_domain(std::string(kDomain));
  google::rpc::BadRequest bad;
  if (ours) AddViolations(details.violations, &info, &bad);
  AddDetail(info, &rich);
  if (bad.field_violations_size() > 0) AddDetail(bad, &rich);
  if (ours && details.retry_delay.has_value()) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = ToDuration(*details.retry_delay);
    AddDetail(retry, &rich);
  }
  if (!request_id.empty()) {
    google::rpc::RequestInfo request;
    request.set_request_id(std::string(request_id));
    AddDetail(request, &rich);
  }
  return grpc::Status(code, rich.message(), rich.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad;
  google::rpc::RetryInfo retry;
  google::rpc::Status rich;
  if (!status.error_details().empty() && rich.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : rich.details()) {
      if (detail.Is<google::rpc::ErrorInfo>()) detail.UnpackTo(&info);
      if (detail.Is<google::rpc::BadRequest>()) detail.UnpackTo(&bad);
      if (detail.Is<google::rpc::RetryInfo>()) detail.UnpackTo(&retry);
    }
  }
  if (info.domain() != kDomain || info.reason().empty()) {
    // The transport's own words, which name addresses: not for clients of ours.
    if (code == absl::StatusCode::kUnavailable) {
      return Error(code, "PEER_UNAVAILABLE", "a service that is needed cannot be reached");
    }
    if (code == absl::StatusCode::kDeadlineExceeded) {
      return Error(code, reason::kDeadlineExceeded, "the call's deadline has passed");
    }
    return absl::Status(code, status.error_message());
  }

  std::vector<Violation> violations;
  for (const auto& violation : bad.field_violations()) {
    const auto rule = info.metadata().find(violation.field());
    violations.push_back({.field = violation.field(),
                          .description = violation.description(),
                          .rule = rule == info.metadata().end() ? "" : rule->second});
  }
  absl::Status result;
  if (!violations.empty() && info.reason() == reason::kInvalidFields) {
    result = InvalidFields(std::move(violations));
  } else {
    result = Error(code, info.reason(), status.error_message());
    if (!violations.empty()) result = WithViolations(std::move(result), violations);
  }
  const absl::StatusOr<absl::Duration> delay = FromDuration(retry.retry_delay(), "retry_delay");
  if (retry.has_retry_delay() && delay.ok()) result = WithRetryDelay(result, *delay);
  return result;
}

}  // namespace kasbah::rpc
