#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/aws/sts_answer.h"
#include "libs/base/clock.h"
#include "libs/http/client.h"

namespace kasbah::aws {

struct WebIdentityOptions {
  // Read anew for each exchange, since it is rotated. At most 64 KiB.
  std::string token_file;
  // "arn:aws:iam::111122223333:role/kasbah-vault".
  std::string role_arn;
  // "eu-central-1".
  std::string region;
  // Instead of the region's own: an interface endpoint, or a server of a test's.
  std::string endpoint;
  absl::Duration timeout = absl::Seconds(5);
};

// The keys of a role that STS gives for a token (AssumeRoleWithWebIdentity): how a pod on EKS has
// one. Kept in memory and changed five minutes before they end, by one caller while the others use
// the old ones, or wait where there are none. If STS gives no new ones, the old ones serve until
// their end, with a warning and a new attempt each half a minute. Thread safe.
class WebIdentity {
 public:
  // FAILED_PRECONDITION for a region or an endpoint that cannot be.
  static absl::StatusOr<std::unique_ptr<WebIdentity>> Create(const WebIdentityOptions& options,
                                                             const Clock& clock);

  // UNAVAILABLE when STS does not answer; FAILED_PRECONDITION, saying what to do, when it refuses
  // or there is no token.
  absl::StatusOr<http::AwsCredentials> Get();

 private:
  WebIdentity(WebIdentityOptions options, std::unique_ptr<http::Client> client, const Clock& clock);
  absl::StatusOr<internal::TemporaryCredentials> Exchange();
  void Keep(absl::StatusOr<internal::TemporaryCredentials> answer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<http::AwsCredentials> Kept() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WebIdentityOptions options_;
  const std::unique_ptr<http::Client> client_;
  const Clock& clock_;
  // "kasbah-" and this machine's name, a pod's own: what AWS's trail shows.
  const std::string session_name_;

  absl::Mutex mutex_;
  bool asking_ ABSL_GUARDED_BY(mutex_) = false;
  internal::TemporaryCredentials kept_ ABSL_GUARDED_BY(mutex_);
  // Never after the end of what is kept.
  absl::Time ask_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  // Why there is nothing else than what is kept.
  absl::Status problem_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::aws
