#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::tenantdata {

// A record's version as callers hold it: "v3". Each change makes another.
std::string FormatEtag(uint64_t version);
// INVALID_ARGUMENT at "etag".
absl::StatusOr<uint64_t> ParseEtag(std::string_view etag);

}  // namespace kasbah::tenantdata
