#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::tenantdata {

enum class TenantState {
  kActive,
  kSuspended,
  // For good.
  kClosed,
  // Closed, and nothing is left but this.
  kErased
};

struct Tenant {
  TenantId id;
  std::string slug;
  std::string display_name;
  TenantState state = TenantState::kActive;
  // Changes so far, the first being its creation.
  uint64_t version = 1;
  absl::Time created;
  // Set while the tenant is suspended.
  std::optional<absl::Time> suspended;
  std::optional<absl::Time> closed;
  std::optional<absl::Time> erased;
};

}  // namespace kasbah::tenantdata
