#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>

#include "absl/status/statusor.h"
#include "libs/payload/payload.h"

namespace kasbah::tenantdata {

// Values of JSON fields.

// Depth: with what stands around it in replies and events it stays below the 100 messages in each
// other that protobuf parses. Members and elements: each takes some 50 bytes in memory.
inline constexpr payload::Limits kJsonLimits = {
    .max_depth = 20, .max_bytes = size_t{4} << 20, .max_values = 10'000};
// Members and elements of all JSON values of a record.
inline constexpr size_t kMaxRecordJsonValues = 50'000;
// As canonical text.
inline constexpr size_t kMaxJsonBytes = 256 * 1024;
// What the vault seals at the most.
inline constexpr size_t kMaxSealedJsonBytes = 64 * 1024;

// The one text that a value is kept as: no spaces, members by the bytes of their names, numbers
// without an exponent in the fewest digits that give the same double. A whole number past 2^53 - 1
// ends in ".0", which tells it from the value of an integer field. So equal values are equal texts,
// and what the database makes of the text is not longer than it.
//
// INVALID_ARGUMENT for what cannot be kept: U+0000, numbers that are not finite. The message may be
// shown. `value` is no deeper than kJsonLimits says.
absl::StatusOr<std::string> CanonicalJson(const google::protobuf::Value& value);

// How many members and elements a value has, at any depth, itself apart.
size_t CountValues(const google::protobuf::Value& value);

}  // namespace kasbah::tenantdata
