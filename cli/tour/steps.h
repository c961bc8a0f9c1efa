#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/tour/world.h"

namespace kasbah::cli {

// The eight steps of the tour, in order. Each returns what came of it, in a sentence, or the
// expectation that did not hold.

// An operator makes two tenants, each with an API key.
absl::StatusOr<std::string> CreateTenants(World& world);
// Typed fields, and a real file imported into them; one broken entry is refused.
absl::StatusOr<std::string> ImportCountries(World& world);
// Two versions of a secret, a rotated key, and what both mean for each other.
absl::StatusOr<std::string> RotateSecrets(World& world);
// Another tenant asks by id.
absl::StatusOr<std::string> AskForAnothersData(World& world);
// A webhook whose receiver is down first.
absl::StatusOr<std::string> DeliverToALateReceiver(World& world);
// Two services killed in the middle of a burst of writes.
absl::StatusOr<std::string> SurviveKills(World& world);
// The trail, exported, verified offline, and with one byte flipped.
absl::StatusOr<std::string> VerifyTheTrail(World& world);
// A suspended tenant at every service.
absl::StatusOr<std::string> SuspendATenant(World& world);

}  // namespace kasbah::cli
