#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/crypto/ed25519.h"
#include "services/auth/store/signing_key_store.h"
#include "services/auth/trust/key_certifier.h"

namespace kasbah::auth {

// The public keys of all auth processes, as others are told of them. The database lists them and
// the vault's signature decides: a row without it is left out, so that whoever can write to the
// database still cannot sign assertions. Thread safe.
class KeySet {
 public:
  KeySet(std::string issuer, KeyCertifier& certifier, SigningKeyStore& store, const Clock& clock)
      : issuer_(std::move(issuer)), certifier_(certifier), store_(store), clock_(clock) {}

  // A JWK Set (RFC 7517) of the keys that have not ended, at most a second old while the database
  // answers; the last one known while it does not. UNAVAILABLE when none was ever known. Blocks.
  absl::StatusOr<std::string> Jwks();

 private:
  absl::Status Refresh(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<bool> Holds(const CertifiedKey& key, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool VerifiesUnderKnown(const CertifiedKey& key) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string issuer_;
  KeyCertifier& certifier_;
  SigningKeyStore& store_;
  const Clock& clock_;

  absl::Mutex mutex_;
  std::vector<crypto::Ed25519PublicKey> authorities_ ABSL_GUARDED_BY(mutex_);
  absl::Time authorities_asked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::vector<CertifiedKey> keys_ ABSL_GUARDED_BY(mutex_);
  // Certificates that verified, which need not be verified again.
  absl::flat_hash_set<std::string> verified_ ABSL_GUARDED_BY(mutex_);
  absl::Time read_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool ever_read_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace kasbah::auth
