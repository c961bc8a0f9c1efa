#include "libs/testing/s3_objects.h"

#include <algorithm>
#include <regex>

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::testing {
namespace {

http::Response Xml(int status, const std::string& body) {
  return {.status = status,
          .content_type = "application/xml",
          .body = StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", body)};
}

std::string TagOf(const std::string& bytes) {
  return StrCat("\"", crypto::Hex(crypto::Sha256(bytes)).substr(0, 32), "\"");
}

std::string Of(const std::map<std::string, std::string>& query, const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

}  // namespace

http::Response RefuseS3(int status, const std::string& code) {
  return Xml(status, StrCat("<Error><Code>", code, "</Code><Message>no</Message></Error>"));
}

bool S3Objects::IsThere(const std::string& name) const {
  const auto found = objects_.find(name);
  return found != objects_.end() && !found->second.empty() &&
         !found->second.back().is_delete_marker;
}

std::vector<std::string> S3Objects::Keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, versions] : objects_) {
    if (!versions.empty()) keys.push_back(key);
  }
  return keys;
}

std::string* S3Objects::Bytes(const std::string& name) {
  return IsThere(name) ? &objects_[name].back().bytes : nullptr;
}

http::Response S3Objects::Answer(const std::string& name, const Query& query,
                                 const http::Request& request) {
  if (name.empty()) {
    if (query.contains("versions")) return ListVersions(query);
    if (query.contains("uploads")) return ListUploads(query);
    return List(query);
  }
  if (request.method == "POST") return Post(name, query, request);
  if (request.method == "PUT") return Put(name, query, request);
  if (request.method == "DELETE") return Delete(name, query);
  return Get(name, request);
}

http::Response S3Objects::List(const Query& query) const {
  std::string listing = "<ListBucketResult>";
  int left = std::stoi(Of(query, "max-keys"));
  for (const auto& [key, versions] : objects_) {
    if (!key.starts_with(Of(query, "prefix")) || key <= Of(query, "start-after")) continue;
    if (!IsThere(key)) continue;
    if (left-- <= 0) break;
    StrAppend(&listing, "<Contents><Key>", key, "</Key><Size>", versions.back().bytes.size(),
              "</Size></Contents>");
  }
  return Xml(200, listing + "</ListBucketResult>");
}

http::Response S3Objects::ListVersions(const Query& query) const {
  std::string listing = "<ListVersionsResult>";
  for (const auto& [key, versions] : objects_) {
    if (!key.starts_with(Of(query, "prefix"))) continue;
    for (const Version& version : versions) {
      const std::string kind = version.is_delete_marker ? "DeleteMarker" : "Version";
      StrAppend(&listing, "<", kind, "><Key>", key, "</Key><VersionId>", version.id,
                "</VersionId></", kind, ">");
    }
  }
  return Xml(200, listing + "</ListVersionsResult>");
}

http::Response S3Objects::ListUploads(const Query& query) const {
  std::string listing = "<ListMultipartUploadsResult>";
  for (const auto& [id, upload] : uploads_) {
    if (!upload.key.starts_with(Of(query, "prefix"))) continue;
    StrAppend(&listing, "<Upload><Key>", upload.key, "</Key><UploadId>", id,
              "</UploadId></Upload>");
  }
  return Xml(200, listing + "</ListMultipartUploadsResult>");
}

http::Response S3Objects::Get(const std::string& name, const http::Request& request) const {
  if (!IsThere(name)) return RefuseS3(404, "NoSuchKey");
  const std::string& bytes = objects_.at(name).back().bytes;
  const auto range = request.headers.find("range");
  if (range == request.headers.end()) {
    return {.content_type = "application/octet-stream", .body = bytes};
  }
  static const std::regex kRange("bytes=([0-9]+)-([0-9]+)");
  std::smatch match;
  if (!std::regex_match(range->second, match, kRange)) return RefuseS3(400, "InvalidArgument");
  const size_t from = std::stoull(match[1]);
  const size_t to = std::stoull(match[2]);
  if (from >= bytes.size()) return RefuseS3(416, "InvalidRange");
  return {.status = 206,
          .content_type = "application/octet-stream",
          .body = bytes.substr(from, to - from + 1)};
}

http::Response S3Objects::Put(const std::string& name, const Query& query,
                              const http::Request& request) {
  if (!query.contains("uploadId")) {
    objects_[name].push_back({StrCat("v+", ++made_), false, request.body});
    return {};
  }
  const auto upload = uploads_.find(Of(query, "uploadId"));
  if (upload == uploads_.end() || upload->second.key != name) return RefuseS3(404, "NoSuchUpload");
  upload->second.parts[std::stoi(Of(query, "partNumber"))] = request.body;
  return {.headers = {{"ETag", TagOf(request.body)}}};
}

http::Response S3Objects::Post(const std::string& name, const Query& query,
                               const http::Request& request) {
  if (query.contains("uploads")) {
    const std::string id = StrCat("u+", ++made_);
    uploads_[id].key = name;
    return Xml(200, StrCat("<InitiateMultipartUploadResult><UploadId>", id,
                           "</UploadId></InitiateMultipartUploadResult>"));
  }
  const auto upload = uploads_.find(Of(query, "uploadId"));
  if (upload == uploads_.end() || upload->second.key != name) return RefuseS3(404, "NoSuchUpload");
  // What is listed is what there is, in order and with its tags.
  std::string listed;
  std::string bytes;
  for (const auto& [number, part] : upload->second.parts) {
    StrAppend(&listed, "<Part><PartNumber>", number, "</PartNumber><ETag>", TagOf(part),
              "</ETag></Part>");
    bytes += part;
  }
  if (request.body != StrCat("<CompleteMultipartUpload>", listed, "</CompleteMultipartUpload>")) {
    return RefuseS3(400, "InvalidPart");
  }
  objects_[name].push_back({StrCat("v+", ++made_), false, bytes});
  uploads_.erase(upload);
  return Xml(200, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
}

http::Response S3Objects::Delete(const std::string& name, const Query& query) {
  if (query.contains("uploadId")) {
    return uploads_.erase(Of(query, "uploadId")) > 0 ? http::Response{.status = 204}
                                                     : RefuseS3(404, "NoSuchUpload");
  }
  std::vector<Version>& versions = objects_[name];
  if (query.contains("versionId")) {
    std::erase_if(versions, [&](const Version& v) { return v.id == Of(query, "versionId"); });
  } else {
    versions.push_back({StrCat("v+", ++made_), true, ""});
  }
  return {.status = 204};
}

}  // namespace kasbah::testing
