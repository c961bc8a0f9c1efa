#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/uuid.h"

namespace kasbah::tenantdata {

// page_size as asked for: 0 is 100, more than 1,000 is 1,000. INVALID_ARGUMENT at "page_size" when
// negative.
absl::StatusOr<int64_t> PageSize(int32_t asked);

// A page_token: the last row seen, and a digest of what was listed, so that a token of one list is
// refused by another. Not secret: row-level security decides what a page holds.
std::string FormatPageToken(const Uuid& last, std::string_view listed);
// nullopt for an empty token; INVALID_ARGUMENT at "page_token" for one of another list.
absl::StatusOr<std::optional<Uuid>> ParsePageToken(std::string_view token, std::string_view listed);

}  // namespace kasbah::tenantdata
