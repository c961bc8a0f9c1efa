#pragma once

#include <optional>
#include <vector>

#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/vault/domain/key_ring.h"

namespace kasbah::vault {

// vault.keys and vault.key_versions. Thread safe.
class KeyStore : public KeySource {
 public:
  KeyStore(postgres::Database& database, outbox::Outbox& outbox, const Clock& clock)
      : database_(database), outbox_(outbox), clock_(clock) {}

  absl::StatusOr<std::optional<StoredKey>> Find(const CallContext& call,
                                                const KeyName& name) override;
  absl::Status Create(const CallContext& call, const StoredKey& key) override;
  absl::StatusOr<StoredKey> Rotate(const CallContext& call, const KeyName& name,
                                   const WrapVersion& wrap) override;
  // All of the tenant's, by name, without what is wrapped.
  absl::StatusOr<std::vector<StoredKey>> List(const CallContext& call);

 private:
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
