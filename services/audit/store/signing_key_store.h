#pragma once

#include <optional>
#include <string>

#include "libs/postgres/database.h"

namespace kasbah::audit {

struct SealedKey {
  uint64_t generation = 0;
  std::string public_key;
  std::string sealed_seed;
};

// audit.signing_key, through the ingest door. Thread safe.
class SigningKeyStore {
 public:
  explicit SigningKeyStore(postgres::Door& door) : door_(door) {}

  // The newest; nothing before the first start.
  absl::StatusOr<std::optional<SealedKey>> Find(absl::Time deadline);
  // Of replicas that start together one adds its key; the others keep quiet and find that one.
  absl::Status AddIfFirst(const SealedKey& key, absl::Time now, absl::Time deadline);

 private:
  postgres::Door& door_;
};

}  // namespace kasbah::audit
