#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::tenantdata {

KASBAH_DEFINE_ID(DomainId, "dom");

enum class DomainState { kPending, kVerified, kLapsed };

// Looks in a row that find no proof, after which a verified domain lapses.
inline constexpr uint64_t kLapseAfter = 3;

// A custom domain of a tenant.
struct Domain {
  DomainId id;
  // As ParseHost returns it.
  std::string host;
  DomainState state = DomainState::kPending;
  // 32 random bytes, made with it.
  std::string nonce;
  // Changes so far, the first being its creation.
  uint64_t version = 1;
  absl::Time created;
  std::optional<absl::Time> verified;
  // The last look that DNS answered.
  std::optional<absl::Time> checked;
  // Looks in a row that found no proof.
  uint64_t failed_checks = 0;
};

// How often verified domains are looked at.
struct CheckSchedule {
  absl::Duration recheck = absl::Hours(6);
  // After a look that found no proof, or no answer.
  absl::Duration retry = absl::Minutes(30);
};

}  // namespace kasbah::tenantdata
