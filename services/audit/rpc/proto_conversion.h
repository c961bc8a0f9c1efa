#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace kasbah::audit {

// Pages go down the sequence: the token is the last number of the page before.
std::string PageTokenOf(uint64_t last_sequence);
// The number that the next page stays below; without a token, none. INVALID_ARGUMENT.
absl::StatusOr<uint64_t> ParsePageToken(const std::string& token);
absl::StatusOr<int> PageSizeOf(int32_t asked);

}  // namespace kasbah::audit
