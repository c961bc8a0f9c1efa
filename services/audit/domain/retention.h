#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace kasbah::audit {

// What no setting can go below: the database's doors to pruning hold to it as well.
inline constexpr int kLeastRetentionDays = 30;
inline constexpr int kMostRetentionDays = 36'500;

// How long trails are kept, for the installation.
struct RetentionLimits {
  int minimum_days = 90;
  int default_days = 400;
  int maximum_days = 3'650;
};

// Months are of UTC.
absl::CivilMonth MonthOf(absl::Time time);
absl::Time StartOf(absl::CivilMonth month);

// Whether a month is over for a retention of `days`: nothing in it is younger.
bool IsPast(absl::CivilMonth month, int days, absl::Time now);

// "2025-03-1200": a bundle's month and first sequence.
std::string ArchiveName(absl::CivilMonth month, uint64_t first);
// The sequence in a name; nothing for what is no name.
std::optional<uint64_t> FirstOfArchive(std::string_view name);

}  // namespace kasbah::audit
