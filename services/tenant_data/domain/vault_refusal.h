#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "libs/base/error.h"

namespace kasbah::tenantdata {

// The vault's reason for what was sealed for somebody, or by a tenant, that was erased.
inline constexpr std::string_view kKeyShredded = "KEY_SHREDDED";

// Of a record of a batch whose subject was erased: `field` says whose it is.
Violation ErasedSubject(std::string_view field);

// What of the vault's errors is the caller's business: that it has to wait, is suspended, or asks
// for what was erased. Anything else is a fault of ours.
absl::Status FromVault(const absl::Status& status);

}  // namespace kasbah::tenantdata
