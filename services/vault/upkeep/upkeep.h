#pragma once

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/postgres/database.h"
#include "libs/telemetry/metrics.h"
#include "services/vault/upkeep/key_upkeep.h"
#include "services/vault/upkeep/secret_upkeep.h"

namespace kasbah::vault {

// Does what time asks for. Each thing within its tenant's scope, suspended tenants too, with its
// event, and checked again there: replicas may do this at once, and what was called off meanwhile
// stays.
class Upkeep {
 public:
  Upkeep(postgres::Door& door, SecretUpkeep& secrets, KeyUpkeep& keys, const Clock& clock);

  // Does what is due now; how many things. On one thread.
  absl::StatusOr<int> RunOnce();

 private:
  absl::Status Do(const Due& due);

  postgres::Door& door_;
  SecretUpkeep& secrets_;
  KeyUpkeep& keys_;
  const Clock& clock_;
  telemetry::Counter& done_;
  // Of RunOnce alone. What cannot be done is looked at each second and told each minute.
  absl::Time told_ = absl::InfinitePast();
};

}  // namespace kasbah::vault
