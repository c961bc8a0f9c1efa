#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::tenantdata {

// A version of a record, tenant or customer as callers hold it: "v3". Each change makes another.
std::string FormatEtag(uint64_t version);
// INVALID_ARGUMENT at "etag".
absl::StatusOr<uint64_t> ParseEtag(std::string_view etag);
// Unset for "*" and, where `may_be_empty`, for none: whatever the record's state.
absl::StatusOr<std::optional<uint64_t>> ParseEtagOrAny(std::string_view etag, bool may_be_empty);
// The same, and ABORTED, ETAG_MISMATCH, when it is not of `version`.
absl::Status CheckEtag(std::string_view etag, uint64_t version);

}  // namespace kasbah::tenantdata
