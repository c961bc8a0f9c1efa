#include "libs/aws/s3.h"

#include <algorithm>
#include <utility>

#include "libs/aws/s3_answer.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::aws {
using boost::property_tree::ptree;
using internal::Escaped;
using internal::ParseXml;
using internal::Refusal;

absl::StatusOr<std::unique_ptr<S3Bucket>> S3Bucket::Create(const S3Options& options,
                                                           const Clock& clock) {
  const bool in_path = !options.endpoint.empty();
  const std::string url =
      in_path ? options.endpoint
              : StrCat("https://", options.bucket, ".s3.", options.region, ".amazonaws.com");
  ASSIGN_OR_RETURN(std::unique_ptr<Endpoint> endpoint,
                   Endpoint::Create({.service = "s3",
                                     .region = options.region,
                                     .url = url,
                                     .credentials_file = options.credentials_file,
                                     .timeout = options.timeout},
                                    clock));
  return std::unique_ptr<S3Bucket>(
      new S3Bucket(options, std::move(endpoint), in_path ? StrCat("/", options.bucket, "/") : "/"));
}

absl::StatusOr<http::ClientResponse> S3Bucket::Call(std::string method, const std::string& target,
                                                    std::string body, Range range) {
  http::ClientRequest request{
      .method = std::move(method),
      .url = StrCat(root_, target),
      .headers = {{"x-amz-content-sha256", crypto::Hex(crypto::Sha256(body))}},
      .body = std::move(body)};
  if (range.size > 0) {
    request.headers.emplace_back(
        "range",
        StrCat("bytes=", range.offset, "-", range.offset + static_cast<int64_t>(range.size) - 1));
    request.max_response_bytes = std::max(request.max_response_bytes, range.size);
  }
  absl::StatusOr<http::ClientResponse> response = endpoint_->Call(std::move(request));
  if (!response.ok()) {
    return absl::Status(response.status().code(),
                        ToAbsl(StrCat("S3: ", FromAbsl(response.status().message()))));
  }
  return response;
}

absl::Status S3Bucket::Put(const std::string& key, std::string bytes) {
  ASSIGN_OR_RETURN(const http::ClientResponse response,
                   Call("PUT", StrCat(options_.prefix, key), std::move(bytes)));
  return response.status == 200 ? absl::OkStatus() : Refusal(response);
}

absl::StatusOr<std::optional<std::string>> S3Bucket::Get(const std::string& key) {
  ASSIGN_OR_RETURN(http::ClientResponse response, Call("GET", StrCat(options_.prefix, key)));
  if (response.status == 404) {
    // A bucket that is not there is no object that is not there.
    const absl::Status refusal = Refusal(response);
    if (!internal::SaysNoSuchKey(refusal)) return refusal;
    return std::optional<std::string>();
  }
  if (response.status != 200) return Refusal(response);
  return std::optional<std::string>(std::move(response.body));
}

absl::StatusOr<std::vector<std::string>> S3Bucket::VersionsOf(const std::string& key) {
  const std::string name = StrCat(options_.prefix, key);
  ASSIGN_OR_RETURN(const http::ClientResponse response,
                   Call("GET", StrCat("?prefix=", Escaped(name), "&versions=")));
  if (response.status != 200) return Refusal(response);
  ASSIGN_OR_RETURN(const ptree xml, ParseXml(response.body));
  std::vector<std::string> versions;
  const auto listing = xml.get_child_optional("ListVersionsResult");
  if (!listing) return absl::UnavailableError("S3: an answer that is no list of versions");
  for (const auto& [kind, version] : *listing) {
    if (kind != "Version" && kind != "DeleteMarker") continue;
    if (version.get("Key", "") == name) versions.push_back(version.get("VersionId", "null"));
  }
  return versions;
}

absl::Status S3Bucket::Erase(const std::string& key) {
  // Again until none is left: a listing has a thousand at the most.
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> versions, VersionsOf(key));
    if (versions.empty()) return absl::OkStatus();
    for (const std::string& version : versions) {
      ASSIGN_OR_RETURN(
          const http::ClientResponse response,
          Call("DELETE", StrCat(options_.prefix, key, "?versionId=", Escaped(version))));
      if (response.status != 204 && response.status != 200) return Refusal(response);
    }
  }
}

}  // namespace kasbah::aws
