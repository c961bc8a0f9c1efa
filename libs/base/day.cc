#include "libs/base/day.h"

#include "absl/time/civil_time.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah {
namespace {

absl::TimeZone Utc() { return absl::UTCTimeZone(); }

}  // namespace

absl::Time DayOf(absl::Time time) { return absl::FromCivil(absl::ToCivilDay(time, Utc()), Utc()); }

absl::Time MonthOf(absl::Time time) {
  return absl::FromCivil(absl::ToCivilMonth(time, Utc()), Utc());
}

absl::Time NextDay(absl::Time day) {
  return absl::FromCivil(absl::ToCivilDay(day, Utc()) + 1, Utc());
}

absl::StatusOr<absl::Time> ParseDay(std::string_view text, std::string_view field) {
  absl::CivilDay day;
  // What is no day of the calendar would be taken for a later one.
  if (!absl::ParseCivilTime(ToAbsl(text), &day) || absl::FormatCivilTime(day) != ToAbsl(text)) {
    return InvalidField(field, "must be a day of the calendar, 2026-11-01");
  }
  return absl::FromCivil(day, Utc());
}

std::string FormatDay(absl::Time day) {
  return absl::FormatCivilTime(absl::ToCivilDay(day, Utc()));
}

}  // namespace kasbah
