#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/vault/domain/key_ring.h"

namespace kasbah::vault {

// How often a version may be used: far below where anything would have to be feared of a format
// that derives a key for each message, and low enough to be reached by a mistake.
inline constexpr int64_t kOperationLimit = int64_t{1} << 40;

// vault.keys and vault.key_versions. Thread safe.
class KeyStore : public KeySource {
 public:
  KeyStore(postgres::Database& database, outbox::Outbox& outbox, const Clock& clock,
           int64_t operation_limit = kOperationLimit)
      : database_(database), outbox_(outbox), clock_(clock), operation_limit_(operation_limit) {}

  absl::StatusOr<std::optional<StoredKey>> Find(const CallContext& call,
                                                const KeyName& name) override;
  absl::Status Create(const CallContext& call, const StoredKey& key) override;
  absl::StatusOr<std::optional<StoredKek>> FindKek(const CallContext& call) override;
  absl::Status AddKek(const CallContext& call, const Uuid& share) override;
  // The next rotation is a period from now.
  absl::StatusOr<StoredKey> Rotate(const CallContext& call, const KeyName& name, TenantState state,
                                   const WrapVersion& wrap) override;
  // Past three quarters of the limit the key is due for rotation, with an event that says why.
  absl::Status CountUses(const CallContext& call, KeyId key, uint32_t version,
                         int64_t uses) override;

  // All of the tenant's, by name, without what is wrapped.
  absl::StatusOr<std::vector<StoredKey>> List(const CallContext& call);
  // The same of a suspended tenant too.
  absl::StatusOr<std::vector<StoredKey>> ListInAnyState(const CallContext& call);
  // One, without what is wrapped. NOT_FOUND.
  absl::StatusOr<StoredKey> Get(const CallContext& call, const KeyName& name);

  // What was decided about a key: its settings are saved, and of `version`, where there is one, its
  // state. `action` and `attributes` are the event's. A version whose destroyed_at is set loses its
  // bytes.
  struct Change {
    std::string_view action;
    uint32_t version = 0;
    std::vector<std::pair<std::string, std::string>> attributes;
  };
  // Holds the key and lets `decide` change it: nothing is saved where it returns nothing.
  // NOT_FOUND; what `decide` returns.
  using Decide = std::function<absl::StatusOr<std::optional<Change>>(StoredKey& key)>;
  absl::StatusOr<StoredKey> Save(const CallContext& call, const KeyName& name,
                                 const Decide& decide);
  // The same for what time asks for: in a suspended tenant too.
  absl::StatusOr<std::optional<StoredKey>> FindDue(const CallContext& call, const KeyName& name);
  absl::StatusOr<StoredKey> GetDue(const CallContext& call, KeyId id);
  absl::StatusOr<StoredKey> SaveDue(const CallContext& call, KeyId id, const Decide& decide);

 private:
  absl::StatusOr<StoredKey> SaveHeld(postgres::Transaction& tx, const CallContext& call,
                                     absl::StatusOr<StoredKey> held, const Decide& decide);

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  const int64_t operation_limit_;
};

}  // namespace kasbah::vault
