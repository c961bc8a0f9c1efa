#pragma once

#include "services/vault/domain/key_ring.h"
#include "services/vault/store/due_store.h"
#include "services/vault/upkeep/kek_changes.h"
#include "services/vault/upkeep/key_retirement.h"

namespace kasbah::vault {

// What time asks of keys: rotations and destructions; and what is left to do of their KEKs.
class KeyUpkeep {
 public:
  KeyUpkeep(KeyStore& keys, KeyRing& ring, KeyRetirement& retirement, KekChanges& keks)
      : keys_(keys), ring_(ring), retirement_(retirement), keks_(keks) {}

  absl::Status Do(const CallContext& call, const Due& due);

 private:
  KeyStore& keys_;
  KeyRing& ring_;
  KeyRetirement& retirement_;
  KekChanges& keks_;
};

}  // namespace kasbah::vault
