// Large objects: ranges, listings, and uploads in parts.

#include <utility>

#include "libs/aws/s3.h"
#include "libs/aws/s3_answer.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::aws {

using boost::property_tree::ptree;
using internal::Escaped;
using internal::ParseXml;
using internal::Refusal;

absl::StatusOr<std::optional<std::string>> S3Bucket::GetRange(const std::string& key,
                                                              int64_t offset, size_t size) {
  if (size == 0) return std::optional<std::string>("");
  ASSIGN_OR_RETURN(http::ClientResponse response,
                   Call("GET", StrCat(options_.prefix, key), "", {offset, size}));
  // 416: the object ends before.
  if (response.status == 416) return std::optional<std::string>();
  if (response.status == 404) {
    const absl::Status refusal = Refusal(response);
    if (!internal::SaysNoSuchKey(refusal)) return refusal;
    return std::optional<std::string>();
  }
  // 200 would be all of it, from the beginning.
  if (response.status != 206) return Refusal(response);
  return std::optional<std::string>(std::move(response.body));
}

absl::StatusOr<std::vector<std::string>> S3Bucket::List(const std::string& prefix,
                                                        const std::string& after, int limit) {
  std::string target =
      StrCat("?list-type=2&max-keys=", limit, "&prefix=", Escaped(StrCat(options_.prefix, prefix)));
  if (!after.empty()) {
    StrAppend(&target, "&start-after=", Escaped(StrCat(options_.prefix, after)));
  }
  ASSIGN_OR_RETURN(const http::ClientResponse response, Call("GET", target));
  if (response.status != 200) return Refusal(response);
  ASSIGN_OR_RETURN(const ptree xml, ParseXml(response.body));
  const auto listing = xml.get_child_optional("ListBucketResult");
  if (!listing) return absl::UnavailableError("S3: an answer that is no list of objects");
  std::vector<std::string> keys;
  for (const auto& [kind, object] : *listing) {
    if (kind != "Contents") continue;
    const std::string key = object.get("Key", "");
    if (key.starts_with(options_.prefix)) keys.push_back(key.substr(options_.prefix.size()));
  }
  return keys;
}

absl::StatusOr<std::string> S3Bucket::BeginUpload(const std::string& key) {
  ASSIGN_OR_RETURN(const http::ClientResponse response,
                   Call("POST", StrCat(options_.prefix, key, "?uploads=")));
  if (response.status != 200) return Refusal(response);
  ASSIGN_OR_RETURN(const ptree xml, ParseXml(response.body));
  std::string upload = xml.get("InitiateMultipartUploadResult.UploadId", "");
  if (upload.empty()) return absl::UnavailableError("S3: an answer that begins no upload");
  return upload;
}

absl::StatusOr<std::string> S3Bucket::PutPart(const std::string& key, const std::string& upload,
                                              int number, std::string bytes) {
  ASSIGN_OR_RETURN(
      const http::ClientResponse response,
      Call("PUT",
           StrCat(options_.prefix, key, "?partNumber=", number, "&uploadId=", Escaped(upload)),
           std::move(bytes)));
  if (response.status != 200) return Refusal(response);
  const auto tag = response.headers.find("etag");
  if (tag == response.headers.end()) return absl::UnavailableError("S3: a part without a tag");
  return tag->second;
}

absl::Status S3Bucket::CompleteUpload(const std::string& key, const std::string& upload,
                                      const std::vector<std::string>& tags) {
  std::string body = "<CompleteMultipartUpload>";
  for (size_t i = 0; i < tags.size(); ++i) {
    StrAppend(&body, "<Part><PartNumber>", i + 1, "</PartNumber><ETag>", tags[i], "</ETag></Part>");
  }
  body += "</CompleteMultipartUpload>";
  ASSIGN_OR_RETURN(
      const http::ClientResponse response,
      Call("POST", StrCat(options_.prefix, key, "?uploadId=", Escaped(upload)), std::move(body)));
  if (response.status != 200) return Refusal(response);
  // It may say 200 at once and think better of it later.
  ASSIGN_OR_RETURN(const ptree xml, ParseXml(response.body));
  if (xml.get_child_optional("CompleteMultipartUploadResult")) return absl::OkStatus();
  return absl::UnavailableError(
      ToAbsl(StrCat("S3: ", xml.get("Error.Code", "an answer that completes nothing"))));
}

absl::Status S3Bucket::AbortUploads(const std::string& key) {
  const std::string name = StrCat(options_.prefix, key);
  ASSIGN_OR_RETURN(const http::ClientResponse response,
                   Call("GET", StrCat("?prefix=", Escaped(name), "&uploads=")));
  if (response.status != 200) return Refusal(response);
  ASSIGN_OR_RETURN(const ptree xml, ParseXml(response.body));
  const auto listing = xml.get_child_optional("ListMultipartUploadsResult");
  if (!listing) return absl::UnavailableError("S3: an answer that is no list of uploads");
  for (const auto& [kind, upload] : *listing) {
    if (kind != "Upload" || upload.get("Key", "") != name) continue;
    ASSIGN_OR_RETURN(
        const http::ClientResponse aborted,
        Call("DELETE", StrCat(name, "?uploadId=", Escaped(upload.get("UploadId", "")))));
    // 404: another did it.
    if (aborted.status != 204 && aborted.status != 404) return Refusal(aborted);
  }
  return absl::OkStatus();
}

}  // namespace kasbah::aws
