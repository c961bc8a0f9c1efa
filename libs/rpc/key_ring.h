#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/crypto/ed25519.h"

namespace kasbah::rpc {

// Public keys by key id, from a JWK Set (RFC 7517). Keys of other types than Ed25519 (RFC 8037) are
// passed over. INVALID_ARGUMENT when it is no JWK Set.
absl::StatusOr<absl::flat_hash_map<std::string, crypto::Ed25519PublicKey>> ParseJwks(
    std::string_view json);

// The keys that sign assertions, fetched when one is asked for that is not known, at most once a
// second, and each minute, so that a key that was withdrawn is forgotten. Thread safe; Find blocks
// while it fetches.
class KeyRing {
 public:
  KeyRing(std::function<absl::StatusOr<std::string>()> fetch, const Clock& clock);

  // NOT_FOUND when no such key exists; UNAVAILABLE, reason KEYS_UNAVAILABLE, when the keys cannot
  // be had.
  absl::StatusOr<crypto::Ed25519PublicKey> Find(const std::string& key_id);

 private:
  void Refresh(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(fetching_);

  const std::function<absl::StatusOr<std::string>()> fetch_;
  const Clock& clock_;
  // Held over a fetch, so that a crowd makes one.
  absl::Mutex fetching_ ABSL_ACQUIRED_BEFORE(mutex_);
  absl::Time tried_ ABSL_GUARDED_BY(fetching_) = absl::InfinitePast();
  bool failed_ ABSL_GUARDED_BY(fetching_) = true;
  absl::Mutex mutex_;
  absl::Time fetched_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::flat_hash_map<std::string, crypto::Ed25519PublicKey> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::rpc
