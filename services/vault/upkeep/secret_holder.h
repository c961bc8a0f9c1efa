#pragma once

#include "libs/postgres/database.h"
#include "services/vault/domain/ciphertext_holder.h"
#include "services/vault/domain/key_ring.h"

namespace kasbah::vault {

// The vault as keeper of what its own key "secrets" sealed: the payloads of secrets.
class SecretHolder final : public CiphertextHolder {
 public:
  SecretHolder(postgres::Database& database, KeyRing& ring) : database_(database), ring_(ring) {}

  absl::StatusOr<std::map<uint32_t, uint64_t>> Count(const CallContext& call,
                                                     const KeyName& key) override;
  absl::StatusOr<Page> Rewrap(const CallContext& call, const KeyName& key, uint32_t below_version,
                              const std::string& cursor, int limit) override;

 private:
  postgres::Database& database_;
  KeyRing& ring_;
};

}  // namespace kasbah::vault
