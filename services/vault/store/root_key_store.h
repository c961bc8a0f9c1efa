#pragma once

#include "libs/base/call_context.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/vault/domain/root_keys.h"

namespace kasbah::vault {

// vault.root_keys and vault.root_key_wraps, through the root door. What changes there is told in
// the system tenant's trail. Thread safe.
class RootKeyStore : public RootKeySource {
 public:
  RootKeyStore(postgres::Door& door, outbox::Outbox& outbox, const Clock& clock)
      : door_(door), outbox_(outbox), clock_(clock) {}

  absl::StatusOr<std::vector<StoredRootKey>> List(absl::Time deadline) override;
  absl::Status InsertIfAbsent(const StoredRootKey& key, absl::Time deadline) override;
  absl::Status AddWrap(uint32_t version, const std::string& seal, const std::string& wrapped,
                       absl::Time deadline) override;
  // Removes all that a seal wrapped; how many.
  absl::StatusOr<int64_t> Forget(const CallContext& call, const std::string& seal);

 private:
  postgres::Door& door_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
