#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/vault/domain/kek_ring.h"
#include "services/vault/domain/subject_ring.h"

namespace kasbah::vault {

// vault.shares and vault.tenant_seals. Thread safe.
class KekStore : public SubjectSource {
 public:
  KekStore(postgres::Database& database, outbox::Outbox& outbox, const Clock& clock)
      : database_(database), outbox_(outbox), clock_(clock) {}

  absl::StatusOr<std::vector<StoredSubject>> FindSubjects(const CallContext& call,
                                                          const std::vector<std::string>& hashes,
                                                          KeyId key) override;
  absl::Status AddSubjects(const CallContext& call, const std::vector<StoredSubject>& subjects,
                           const std::vector<std::string>& hashes, KeyId key) override;

  // The tenant's KEK, whatever the tenant's state.
  absl::StatusOr<std::optional<StoredKek>> Find(const CallContext& call);

  // A wrapped key version, and which it is.
  struct Wrapped {
    WrappedKeyRef ref;
    std::string bytes;
  };
  // What a change makes of the KEK, and of every version as it is to be wrapped from now on.
  // `action` and `attributes` are the event's.
  struct Change {
    StoredKek next;
    std::vector<Wrapped> wrapped;
    std::string_view action;
    std::vector<std::pair<std::string, std::string>> attributes;
  };
  // Holds the KEK, so that no key is made meanwhile, and gives `decide` all there is; saves what
  // it returns in one transaction. NOT_FOUND for a tenant without a KEK.
  using Decide = std::function<absl::StatusOr<Change>(const StoredKek& held,
                                                      const std::vector<Wrapped>& versions)>;
  absl::StatusOr<StoredKek> Replace(const CallContext& call, const Decide& decide);

  // Decides the end of the tenant's shares, subjects' and all, or of the one subject's: from then
  // on nothing opens. With its event. The names of the keys that sealed something with them.
  absl::StatusOr<std::vector<std::string>> ShredTenant(const CallContext& call);
  absl::StatusOr<std::vector<std::string>> ShredSubject(const CallContext& call,
                                                        const std::string& hash);
  // Whose end is decided and not yet done, at most `limit`.
  absl::StatusOr<std::vector<Uuid>> ListShredded(const CallContext& call, int limit);
  absl::Status MarkDestroyed(const CallContext& call, const std::vector<Uuid>& shares);

 private:
  absl::StatusOr<std::vector<std::string>> Shred(const CallContext& call,
                                                 const std::optional<std::string>& hash,
                                                 std::string_view action);

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
