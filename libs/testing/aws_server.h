#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/http/server.h"
#include "libs/testing/s3_objects.h"

namespace kasbah::testing {

// KMS, S3 and STS on loopback, as far as Kasbah uses them, in eu-central-1, for one user (AKID,
// "the-secret") and for the keys of kRole, which STS gives for one token. Each signature is checked
// by the steps of the specification from what arrived; a blob opens only with the key and the
// context that it was made with; a bucket keeps versions.
class AwsServer {
 public:
  static constexpr char kRegion[] = "eu-central-1";
  // There from the start; others come by CreateKey.
  static constexpr char kKey[] = "arn:aws:kms:eu-central-1:111122223333:key/k1";
  static constexpr char kBucket[] = "bucket";
  static constexpr char kRole[] = "arn:aws:iam::111122223333:role/kasbah";

  AwsServer();
  ~AwsServer();
  std::string endpoint() const;
  // A file in the form of ~/.aws/credentials, mode 0600.
  const std::string& credentials_file() const { return credentials_file_; }
  void WriteCredentials(const std::string& secret);

  // STS takes this token and no other from now on, for keys that serve until `end`.
  void TrustToken(const std::string& token, absl::Time end);
  // How often STS was asked.
  int StsCalls();
  // STS alone answers 503.
  void SetStsDown(bool down);

  void AddKey(const std::string& arn);
  // Disabled until enabled again.
  void SetEnabled(const std::string& key, bool enabled);
  // Answers 503 to everything.
  void SetDown(bool down);
  // Keys of the bucket's objects, whatever their version.
  std::vector<std::string> Objects();
  // Uploads in parts that are neither completed nor aborted.
  size_t Uploads();
  // Lets `change` at the newest version of an object; false where there is none.
  bool ChangeObject(const std::string& name, const std::function<void(std::string&)>& change);
  // Keys of KMS that are going to be deleted.
  int PendingDeletions();

 private:
  struct User {
    std::string secret = {};
    // Of a role's keys, which go with it.
    std::string session_token = {};
    absl::Time end = absl::InfiniteFuture();
  };
  struct Key {
    bool is_enabled = true;
    bool is_pending_deletion = false;
    std::string hmac;
  };
  http::Response Answer(const http::Request& request);
  // The service that a request was signed for; nothing where the signature does not hold.
  std::optional<std::string> SignedFor(const http::Request& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  http::Response AnswerSts(const http::Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  http::Response AnswerKms(const http::Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  http::Response AnswerS3(const http::Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::string directory_;
  std::string credentials_file_;
  absl::Mutex mutex_;
  bool down_ ABSL_GUARDED_BY(mutex_) = false;
  // By access key id.
  std::map<std::string, User> users_ ABSL_GUARDED_BY(mutex_);
  std::string trusted_token_ ABSL_GUARDED_BY(mutex_);
  absl::Time keys_end_ ABSL_GUARDED_BY(mutex_);
  bool sts_down_ ABSL_GUARDED_BY(mutex_) = false;
  int sts_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Key> keys_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> aliases_ ABSL_GUARDED_BY(mutex_);
  // What Encrypt was given, by blob: key, context, plaintext.
  std::map<std::string, std::vector<std::string>> blobs_ ABSL_GUARDED_BY(mutex_);
  S3Objects objects_ ABSL_GUARDED_BY(mutex_);
  int made_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<http::Server> server_;
};

}  // namespace kasbah::testing
