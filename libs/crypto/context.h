#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::crypto {

// Pairs that a ciphertext is bound to, encoded so that no two sets of pairs have the same bytes:
// u16 count, then for each pair in byte order of its key u16 size, key, u16 size, value; all big
// endian.
using ContextPairs = std::vector<std::pair<std::string_view, std::string_view>>;

// INVALID_ARGUMENT for a key that stands there twice, or for more pairs or longer strings than the
// sizes can say.
absl::StatusOr<std::string> EncodeContext(ContextPairs pairs);

}  // namespace kasbah::crypto
