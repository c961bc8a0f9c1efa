#include "services/vault/kms/aws_kms_seal.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/http/url.h"
#include "services/vault/kms/aws_credentials.h"
#include <nlohmann/json.hpp>

namespace kasbah::vault {
namespace {

using nlohmann::json;

constexpr absl::Duration kTimeout = absl::Seconds(5);
constexpr char kContentType[] = "application/x-amz-json-1.1";

absl::Status Failed(std::string_view what) {
  return absl::FailedPreconditionError(ToAbsl(StrCat("AWS KMS: ", what)));
}

// "AccessDeniedException: User … is not authorized": what KMS says of an error.
std::string Reason(const http::ClientResponse& response) {
  const json body = json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return StrCat("answered ", response.status);
  std::string type = body.value("__type", StrCat("error ", response.status));
  type.erase(0, type.find('#') + 1);
  const std::string message = body.value("message", body.value("Message", ""));
  return message.empty() ? type : StrCat(type, ": ", message);
}

json ContextOfRoot(const RootKeyRef& ref) {
  return {{"kasbah:root-key", crypto::Hex(ref.key_id.view())},
          {"kasbah:version", std::to_string(ref.version)}};
}

bool IsLoopback(const std::string& host) {
  return host == "127.0.0.1" || host == "::1" || host == "localhost";
}

}  // namespace

AwsKmsSeal::AwsKmsSeal(AwsKmsOptions options, std::unique_ptr<http::Client> client,
                       const Clock& clock)
    : options_(std::move(options)), client_(std::move(client)), clock_(clock) {}

absl::StatusOr<std::unique_ptr<AwsKmsSeal>> AwsKmsSeal::Create(AwsKmsOptions options,
                                                               const Clock& clock) {
  if (options.endpoint.empty()) {
    options.endpoint = StrCat("https://kms.", options.region, ".amazonaws.com/");
  }
  ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(options.endpoint, {.allow_http = true}));
  if (url.scheme != "https" && !IsLoopback(url.host)) {
    return Failed(StrCat("the endpoint ", options.endpoint, " must be https"));
  }
  http::ClientOptions client_options;
  // The operator names the endpoint, which may well be within a private network.
  ASSIGN_OR_RETURN(client_options.guard, http::AddressGuard::Create({"0.0.0.0/0", "::/0"}));
  client_options.allow_http = url.scheme == "http";
  client_options.max_connections = 2;
  ASSIGN_OR_RETURN(std::unique_ptr<http::Client> client,
                   http::Client::Create(std::move(client_options)));
  return std::unique_ptr<AwsKmsSeal>(new AwsKmsSeal(std::move(options), std::move(client), clock));
}

absl::StatusOr<std::string> AwsKmsSeal::Ask(const std::string& action, std::string body,
                                            const std::string& field) {
  ASSIGN_OR_RETURN(const http::AwsCredentials credentials,
                   ReadAwsCredentials(options_.credentials_file));
  http::ClientRequest request{.method = "POST",
                              .url = options_.endpoint,
                              .headers = {{"content-type", kContentType},
                                          {"x-amz-target", StrCat("TrentService.", action)}},
                              .body = std::move(body),
                              .timeout = kTimeout};
  RETURN_IF_ERROR(http::SignForAws(credentials, options_.region, "kms", clock_.Now(), &request));
  const absl::StatusOr<http::ClientResponse> response = client_->SendAndWait(std::move(request));
  if (!response.ok()) {
    return Failed(StrCat(options_.endpoint, ": ", ReasonOf(response.status())));
  }
  if (response->status != 200) return Failed(Reason(*response));
  const json answer = json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object() || !answer.contains(field) || !answer[field].is_string()) {
    return Failed("an answer without what was asked for");
  }
  return answer[field].get<std::string>();
}

absl::StatusOr<std::string> AwsKmsSeal::Wrap(const RootKeyRef& ref,
                                             const crypto::SecretBytes& root) {
  json body = {{"KeyId", options_.key_id},
               {"Plaintext", crypto::Base64(root.view(crypto::SecretAccess::ForSeal()))},
               {"EncryptionContext", ContextOfRoot(ref)}};
  ASSIGN_OR_RETURN(const std::string blob, Ask("Encrypt", body.dump(), "CiphertextBlob"));
  crypto::Wipe(body["Plaintext"].get_ref<std::string&>());
  const absl::StatusOr<std::string> wrapped = crypto::ParseBase64(blob);
  if (!wrapped.ok()) return Failed("a CiphertextBlob that is not base64");
  return wrapped;
}

absl::StatusOr<crypto::SecretBytes> AwsKmsSeal::Unwrap(const RootKeyRef& ref,
                                                       std::string_view wrapped) {
  const json body = {{"KeyId", options_.key_id},
                     {"CiphertextBlob", crypto::Base64(wrapped)},
                     {"EncryptionContext", ContextOfRoot(ref)}};
  ASSIGN_OR_RETURN(std::string text, Ask("Decrypt", body.dump(), "Plaintext"));
  absl::StatusOr<std::string> plaintext = crypto::ParseBase64(text);
  crypto::Wipe(text);
  if (!plaintext.ok()) return Failed("a Plaintext that is not base64");
  crypto::SecretBytes root = crypto::SecretBytes::Copy(*plaintext);
  crypto::Wipe(*plaintext);
  return root;
}

}  // namespace kasbah::vault
