#include "services/audit/domain/retention.h"

#include <vector>

#include "libs/base/strings.h"
#include "libs/merkle/text_fields.h"

namespace kasbah::audit {

absl::CivilMonth MonthOf(absl::Time time) { return absl::ToCivilMonth(time, absl::UTCTimeZone()); }

absl::Time StartOf(absl::CivilMonth month) { return absl::FromCivil(month, absl::UTCTimeZone()); }

bool IsPast(absl::CivilMonth month, int days, absl::Time now) {
  return StartOf(month + 1) <= now - days * absl::Hours(24);
}

std::string ArchiveName(absl::CivilMonth month, uint64_t first) {
  return StrCat(absl::FormatCivilTime(month), "-", first);
}

std::optional<uint64_t> FirstOfArchive(std::string_view name) {
  const std::vector<std::string_view> parts = merkle::SplitOn(name, '-');
  if (parts.size() != 3 || parts[0].size() != 4 || parts[1].size() != 2) return std::nullopt;
  const std::optional<uint64_t> first = merkle::ParseDecimal(parts[2]);
  return first && *first <= INT64_MAX ? first : std::nullopt;
}

}  // namespace kasbah::audit
