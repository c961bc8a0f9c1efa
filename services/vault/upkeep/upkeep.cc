#include "services/vault/upkeep/upkeep.h"

#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"

namespace kasbah::vault {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr absl::Duration kTellEvery = absl::Minutes(1);
constexpr int kAtOnce = 500;

}  // namespace

Upkeep::Upkeep(postgres::Door& door, SecretUpkeep& secrets, KeyUpkeep& keys, const Clock& clock)
    : door_(door),
      secrets_(secrets),
      keys_(keys),
      clock_(clock),
      done_(telemetry::GetCounter("kasbah_vault_upkeep_total",
                                  "Things carried out because their time had come")) {}

absl::StatusOr<int> Upkeep::RunOnce() {
  ASSIGN_OR_RETURN(const std::vector<Due> all,
                   door_.Run(absl::Now() + kTimeout, [&](postgres::Transaction& tx) {
                     return DueStore::List(tx, clock_.Now(), secrets_.RequestsKeptSince(), kAtOnce);
                   }));
  const bool tell = clock_.Now() - told_ >= kTellEvery;
  int count = 0;
  for (const Due& due : all) {
    const absl::Status status = Do(due);
    // One thing that cannot be done does not hold up the others.
    if (status.ok()) {
      ++count;
    } else if (tell && !absl::IsNotFound(status) && !IsTenantRefused(status)) {
      told_ = clock_.Now();
      telemetry::LogWarning("the time came for something and it could not be done",
                            {{"tenant", due.tenant.ToString()},
                             {"kind", static_cast<int64_t>(due.kind)},
                             {"id", due.id.ToString()},
                             {"reason", ReasonOf(status)}});
    }
  }
  done_.Add(static_cast<uint64_t>(count));
  return count;
}

absl::Status Upkeep::Do(const Due& due) {
  const CallContext call =
      CallContext::ForBackground("service/vault", due.tenant, absl::Now() + kTimeout);
  switch (due.kind) {
    case Due::Kind::kKeyRotation:
    case Due::Kind::kKeyDestruction:
    case Due::Kind::kShares:
    case Due::Kind::kKeysWithoutKek:
      return keys_.Do(call, due);
    default:
      return secrets_.Do(call, due);
  }
}

}  // namespace kasbah::vault
