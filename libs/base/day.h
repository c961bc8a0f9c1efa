#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kasbah {

// Days and months of UTC, by their first moments.
absl::Time DayOf(absl::Time time);
absl::Time MonthOf(absl::Time time);
absl::Time NextDay(absl::Time day);

// "2026-11-28". INVALID_FIELDS on `field` for what is no day.
absl::StatusOr<absl::Time> ParseDay(std::string_view text, std::string_view field);
std::string FormatDay(absl::Time day);

}  // namespace kasbah
