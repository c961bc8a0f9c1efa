#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/vault/store/due_store.h"

namespace kasbah::vault {

// Does what time asks for: deletes secrets that expired, says which are due for rotation, destroys
// versions whose delay is over, removes secrets that were deleted long enough ago, forgets request
// ids. Each within its tenant's scope, suspended tenants too, with its event, and checked again
// there: replicas may do this at once, and a version that was enabled meanwhile stays.
class SecretUpkeep {
 public:
  SecretUpkeep(postgres::Door& door, postgres::Database& database, outbox::Outbox& outbox,
               const Clock& clock);
  // Stops.
  ~SecretUpkeep();

  // Begins to look every `period`.
  void Start(absl::Duration period);
  // Does what is due now; how many things.
  absl::StatusOr<int> RunOnce();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::vault
