#include "libs/aws/kms.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/secret_bytes.h"
#include <nlohmann/json.hpp>

namespace kasbah::aws {
namespace {

using nlohmann::json;

constexpr char kPrefix[] = "AWS KMS: ";
constexpr char kContentType[] = "application/x-amz-json-1.1";

absl::StatusCode CodeOf(int status, std::string_view exception) {
  if (status >= 500 || exception == "ThrottlingException") return absl::StatusCode::kUnavailable;
  if (exception == "NotFoundException") return absl::StatusCode::kNotFound;
  if (exception == "DisabledException" || exception == "KMSInvalidStateException") {
    return absl::StatusCode::kFailedPrecondition;
  }
  if (exception == "AccessDeniedException") return absl::StatusCode::kPermissionDenied;
  return absl::StatusCode::kInvalidArgument;
}

// What KMS says of an error: {"__type": "com.amazonaws#DisabledException", "message": "…"}.
absl::Status Refusal(const http::ClientResponse& response) {
  const json body = json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  const std::string fallback = StrCat("status ", response.status);
  if (!body.is_object()) {
    return {CodeOf(response.status, ""), ToAbsl(StrCat(kPrefix, fallback))};
  }
  std::string exception = body.value("__type", fallback);
  exception.erase(0, exception.find('#') + 1);
  const std::string message = body.value("message", body.value("Message", ""));
  return {CodeOf(response.status, exception),
          ToAbsl(StrCat(kPrefix, exception, message.empty() ? "" : ": ", message))};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Kms>> Kms::Create(const KmsOptions& options, const Clock& clock) {
  const std::string url = options.endpoint.empty()
                              ? StrCat("https://kms.", options.region, ".amazonaws.com")
                              : options.endpoint;
  ASSIGN_OR_RETURN(std::unique_ptr<Endpoint> endpoint,
                   Endpoint::Create({.service = "kms",
                                     .region = options.region,
                                     .url = url,
                                     .credentials_file = options.credentials_file},
                                    clock));
  return std::unique_ptr<Kms>(new Kms(std::move(endpoint)));
}

absl::StatusOr<json> Kms::Call(std::string_view action, json request) {
  http::ClientRequest call{.method = "POST",
                           .url = "/",
                           .headers = {{"content-type", kContentType},
                                       {"x-amz-target", StrCat("TrentService.", action)}},
                           .body = request.dump()};
  if (const auto plaintext = request.find("Plaintext"); plaintext != request.end()) {
    crypto::Wipe(plaintext->get_ref<std::string&>());
  }
  absl::StatusOr<http::ClientResponse> response = endpoint_->Call(std::move(call));
  if (!response.ok()) {
    return absl::Status(response.status().code(),
                        ToAbsl(StrCat(kPrefix, FromAbsl(response.status().message()))));
  }
  if (response->status != 200) return Refusal(*response);
  json answer = json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  crypto::Wipe(response->body);
  if (!answer.is_object()) return absl::UnavailableError(ToAbsl(StrCat(kPrefix, "no JSON")));
  return answer;
}

absl::StatusOr<std::string> BytesOf(json& answer, const char* member) {
  const auto found = answer.find(member);
  if (found != answer.end() && found->is_string()) {
    std::string& text = found->get_ref<std::string&>();
    absl::StatusOr<std::string> bytes = crypto::ParseBase64(text);
    crypto::Wipe(text);
    if (bytes.ok()) return bytes;
  }
  return absl::InvalidArgumentError(ToAbsl(StrCat(kPrefix, "an answer without ", member)));
}

std::string ExceptionOf(const absl::Status& status) {
  std::string_view text = FromAbsl(status.message());
  if (!text.starts_with(kPrefix)) return "";
  text.remove_prefix(sizeof(kPrefix) - 1);
  return std::string(text.substr(0, text.find(':')));
}

}  // namespace kasbah::aws
