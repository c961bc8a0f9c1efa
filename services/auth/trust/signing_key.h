#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/crypto/ed25519.h"
#include "services/auth/store/signing_key_store.h"
#include "services/auth/trust/key_certifier.h"

namespace kasbah::auth {

// The key with which this process signs assertions. Made here, never written anywhere, certified by
// the vault for an hour and replaced after three quarters of one; a vault call per assertion would
// halve what auth can do. Thread safe.
class SigningKey {
 public:
  // A key while it is in use.
  struct InUse {
    crypto::Ed25519Key key;
    std::string key_id;
    absl::Time not_after;
  };

  static constexpr absl::Duration kCertified = absl::Hours(1);
  static constexpr absl::Duration kReplacedAfter = absl::Minutes(45);

  // `issuer` is auth's SPIFFE id, which the certificate names.
  SigningKey(std::string issuer, KeyCertifier& certifier, SigningKeyStore& store,
             const Clock& clock)
      : issuer_(std::move(issuer)), certifier_(certifier), store_(store), clock_(clock) {}

  // UNAVAILABLE, reason SIGNING_KEY_UNAVAILABLE, until there is one, and again should the last one
  // have so little time left that an assertion would outlive it.
  absl::StatusOr<std::shared_ptr<const InUse>> Current() const;

  // Makes, certifies and publishes a new key when there is none or the present one is due; keeps
  // the present one when that fails. Published before it is used. Blocks; for one thread at a time.
  absl::Status RenewIfDue();

 private:
  absl::StatusOr<std::shared_ptr<const InUse>> Make() const;

  const std::string issuer_;
  KeyCertifier& certifier_;
  SigningKeyStore& store_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const InUse> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::auth
