#pragma once

#include "libs/base/clock.h"
#include "services/vault/domain/ciphertext_holder.h"
#include "services/vault/store/key_store.h"

namespace kasbah::vault {

// The end of a key version: nobody uses it from the moment it is scheduled, and it is destroyed
// when its delay is over and it has nothing left to open, counted then. Thread safe.
class KeyRetirement {
 public:
  // A lease may outlast the schedule by five seconds, and a caller may hold what it sealed for as
  // long as a call lives before it is stored and can be counted.
  static constexpr absl::Duration kShortestDelay = absl::Seconds(70);

  KeyRetirement(KeyStore& keys, const CiphertextHolders& holders, const Clock& clock)
      : keys_(keys), holders_(holders), clock_(clock) {}

  // FAILED_PRECONDITION, KEY_REFERENCES_UNKNOWN, for a key whose ciphertexts nobody counts;
  // UNAVAILABLE and the like from who does.
  absl::StatusOr<std::map<uint32_t, uint64_t>> Count(const CallContext& call,
                                                     const StoredKey& key) const;

  // FAILED_PRECONDITION: KEY_VERSION_PRIMARY, KEY_VERSION_DESTROYED, and unless `force`
  // KEY_VERSION_REFERENCED, KEY_REFERENCES_UNKNOWN.
  absl::StatusOr<StoredKey> Schedule(const CallContext& call, const KeyName& name, uint32_t version,
                                     bool force);
  absl::StatusOr<StoredKey> Restore(const CallContext& call, const KeyName& name, uint32_t version);

  // Of a version whose delay is over: destroys it, or restores it where something is left to open.
  absl::Status Finish(const CallContext& call, KeyId key, uint32_t version);

 private:
  KeyStore& keys_;
  const CiphertextHolders& holders_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
