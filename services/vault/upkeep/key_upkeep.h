#pragma once

#include "services/vault/domain/key_ring.h"
#include "services/vault/store/due_store.h"
#include "services/vault/upkeep/key_retirement.h"

namespace kasbah::vault {

// What time asks of keys: rotations and destructions.
class KeyUpkeep {
 public:
  KeyUpkeep(KeyStore& keys, KeyRing& ring, KeyRetirement& retirement)
      : keys_(keys), ring_(ring), retirement_(retirement) {}

  absl::Status Do(const CallContext& call, const Due& due);

 private:
  KeyStore& keys_;
  KeyRing& ring_;
  KeyRetirement& retirement_;
};

}  // namespace kasbah::vault
