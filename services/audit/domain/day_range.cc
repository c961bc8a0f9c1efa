#include "services/audit/domain/day_range.h"

#include <optional>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::audit {
namespace {

constexpr int kUsualDays = 30;

absl::Time MidnightOf(absl::CivilDay day) { return absl::FromCivil(day, absl::UTCTimeZone()); }

absl::StatusOr<absl::CivilDay> ParseDay(const std::string& text, std::string_view field) {
  absl::CivilDay day;
  // What is no day of the calendar would be taken for a later one.
  if (!absl::ParseCivilTime(text, &day) || absl::FormatCivilTime(day) != text) {
    return InvalidField(field, "must be a day of the calendar, 2026-11-01");
  }
  return day;
}

}  // namespace

absl::StatusOr<DayRange> DayRange::FromProto(const v1::CountEventsRequest& request,
                                             absl::Time now) {
  absl::CivilDay last = absl::ToCivilDay(now, absl::UTCTimeZone());
  if (!request.last_day().empty()) {
    ASSIGN_OR_RETURN(last, ParseDay(request.last_day(), "last_day"));
  }
  absl::CivilDay first = last - (kUsualDays - 1);
  if (!request.first_day().empty()) {
    ASSIGN_OR_RETURN(first, ParseDay(request.first_day(), "first_day"));
  }
  if (first > last) return InvalidField("last_day", "must not be before first_day");
  if (last - first >= kMostDays) {
    return InvalidField("first_day", StrCat("must be less than ", kMostDays, " days before"));
  }
  return DayRange{MidnightOf(first), MidnightOf(last + 1)};
}

std::string FormatDay(absl::Time midnight) {
  return absl::FormatTime("%Y-%m-%d", midnight, absl::UTCTimeZone());
}

}  // namespace kasbah::audit
