#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/crypto/ed25519.h"
#include "services/audit/log/key_sealer.h"
#include "services/audit/store/signing_key_store.h"

namespace kasbah::audit {

// The key that signs checkpoints. Made at the very first start, by one replica; sealed in the
// database; opened by the vault in the background, for as long as that takes. Thread safe.
class SigningKey {
 public:
  SigningKey(SigningKeyStore& store, KeySealer& sealer, const Clock& clock);
  ~SigningKey();

  // UNAVAILABLE, SIGNING_KEY_UNAVAILABLE, until the vault has opened it.
  absl::StatusOr<std::shared_ptr<const crypto::Ed25519Key>> Get() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::audit
