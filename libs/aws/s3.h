#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/aws/endpoint.h"

namespace kasbah::aws {

struct S3Options {
  std::string bucket;
  // Before every key: "kasbah/shares/". May be empty.
  std::string prefix;
  std::string region;
  // Instead of the region's own: another store that speaks S3. Buckets stand in its path.
  std::string endpoint;
  // As for CredentialSource.
  std::string credentials_file;
  // For each call, to the last byte of the answer.
  absl::Duration timeout = absl::Seconds(5);
};

// Objects in one bucket of an S3-compatible store, small ones whole, large ones in parts. Errors
// read "S3: AccessDenied: …": UNAVAILABLE when it does not answer or asks for patience,
// PERMISSION_DENIED where it refuses, FAILED_PRECONDITION for anything else. Thread safe.
class S3Bucket {
 public:
  static absl::StatusOr<std::unique_ptr<S3Bucket>> Create(const S3Options& options,
                                                          const Clock& clock);

  // Keys are letters, digits, "-", "_", "." and "/".
  absl::Status Put(const std::string& key, std::string bytes);
  // Nothing where there is no such object.
  absl::StatusOr<std::optional<std::string>> Get(const std::string& key);
  // The object with every older version of it and every mark of its deletion, where the bucket
  // keeps them: nothing of it can be read afterwards. Not an error where there is none.
  absl::Status Erase(const std::string& key);

  // `size` bytes from `offset` on, fewer at the object's end; nothing where there is no such object
  // or none so long.
  absl::StatusOr<std::optional<std::string>> GetRange(const std::string& key, int64_t offset,
                                                      size_t size);
  // The first `limit` (at most 1,000) keys that begin with `prefix` and come after `after`, in
  // order.
  absl::StatusOr<std::vector<std::string>> List(const std::string& prefix, const std::string& after,
                                                int limit);

  // An object that comes in parts, numbered from 1 and each but the last at least 5 MiB, and is
  // there once it is complete. What is neither completed nor aborted costs storage and is seen by
  // nobody.
  absl::StatusOr<std::string> BeginUpload(const std::string& key);
  // Its entity tag, for the end.
  absl::StatusOr<std::string> PutPart(const std::string& key, const std::string& upload, int number,
                                      std::string bytes);
  absl::Status CompleteUpload(const std::string& key, const std::string& upload,
                              const std::vector<std::string>& tags);
  // Every upload of exactly this key that is under way. Not an error where there is none.
  absl::Status AbortUploads(const std::string& key);

 private:
  struct Range {
    int64_t offset = 0;
    // 0: all of it.
    size_t size = 0;
  };

  S3Bucket(S3Options options, std::unique_ptr<Endpoint> endpoint, std::string root)
      : options_(std::move(options)), endpoint_(std::move(endpoint)), root_(std::move(root)) {}
  absl::StatusOr<http::ClientResponse> Call(std::string method, const std::string& target,
                                            std::string body = "", Range range = {0, 0});
  // Ids of all versions of exactly this key, and of the marks of its deletion.
  absl::StatusOr<std::vector<std::string>> VersionsOf(const std::string& key);

  const S3Options options_;
  const std::unique_ptr<Endpoint> endpoint_;
  // "/bucket/" where buckets stand in the path, else "/".
  const std::string root_;
};

}  // namespace kasbah::aws
