#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "libs/merkle/note.h"
#include "libs/postgres/database.h"
#include "services/audit/log/signing_key.h"

namespace kasbah::audit {

struct SignedCheckpoint {
  merkle::Checkpoint checkpoint;
  // C2SP signed note of it.
  std::string note;
  // Of the tenant's log: every log has the name of its origin, and all share one key.
  std::string verifier_key;
};

// Signs heads that are committed: when somebody asks, and each second those that changed, 100 of
// them at the most. Refuses to sign a head that is behind, or beside, one that it signed before.
// Thread safe.
class Checkpointer {
 public:
  // `trust_domain` leads the origin: "<trust domain>/audit/<ten_…>".
  Checkpointer(std::string trust_domain, postgres::Database& database, postgres::Door& door,
               const SigningKey& key, const Clock& clock);
  ~Checkpointer();

  // The head of the call's tenant as it stands, signed and kept. UNAVAILABLE,
  // SIGNING_KEY_UNAVAILABLE; DATA_LOSS, LOG_DAMAGED, for a head that cannot follow the last one.
  absl::StatusOr<SignedCheckpoint> Current(const CallContext& call);

  // These logs grew: they are signed in their turn, within the second unless hundreds are.
  void Grown(const std::vector<TenantId>& tenants);

  std::string OriginOf(TenantId tenant) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::audit
