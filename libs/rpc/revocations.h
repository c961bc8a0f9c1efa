#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace kasbah::rpc {

// Which subjects (a session or credential, an actor, a tenant) have been revoked, and since when.
// Forgets what no unexpired assertion can contradict. Past its bound it forgets nothing in silence:
// then every assertion issued until now is refused, and clients get a new one. Thread safe.
class Revocations {
 public:
  explicit Revocations(size_t bound = 200'000) : bound_(bound) {}

  void Revoke(std::string_view subject, absl::Time not_before, absl::Time now);
  // True when an assertion of `subject` issued at `issue_time` no longer holds.
  bool IsRevoked(std::string_view subject, absl::Time issue_time) const;

 private:
  void MakeRoom(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t bound_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, absl::Time> not_before_ ABSL_GUARDED_BY(mutex_);
  // Everything issued before is refused.
  absl::Time floor_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace kasbah::rpc
