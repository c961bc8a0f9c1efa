#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::tenantdata {

// A version of a record, tenant or customer as callers hold it: "v3". Each change makes another.
std::string FormatEtag(uint64_t version);
// INVALID_ARGUMENT at "etag".
absl::StatusOr<uint64_t> ParseEtag(std::string_view etag);
// The same, and ABORTED, ETAG_MISMATCH, when it is not of `version`.
absl::Status CheckEtag(std::string_view etag, uint64_t version);

}  // namespace kasbah::tenantdata
