#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/audit/store/event_search.h"

namespace kasbah::audit {

// Pages follow the sequence: the token is the last number that the page before looked at.
std::string PageTokenOf(EventOrder order, uint64_t last_sequence);
// The places that are left for the next page; without a token, all. INVALID_ARGUMENT.
absl::StatusOr<SequenceRange> ParsePageToken(EventOrder order, const std::string& token);
absl::StatusOr<int> PageSizeOf(int32_t asked);

}  // namespace kasbah::audit
