#include "services/audit/domain/day_range.h"

#include "libs/base/day.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::audit {
namespace {

constexpr int kUsualDays = 30;
// Of UTC, which has no other.
constexpr absl::Duration kDay = absl::Hours(24);

}  // namespace

absl::StatusOr<DayRange> DayRange::FromProto(const v1::CountEventsRequest& request,
                                             absl::Time now) {
  absl::Time last = DayOf(now);
  if (!request.last_day().empty()) {
    ASSIGN_OR_RETURN(last, ParseDay(request.last_day(), "last_day"));
  }
  absl::Time first = last - (kUsualDays - 1) * kDay;
  if (!request.first_day().empty()) {
    ASSIGN_OR_RETURN(first, ParseDay(request.first_day(), "first_day"));
  }
  if (first > last) return InvalidField("last_day", "must not be before first_day");
  if (last - first >= kMostDays * kDay) {
    return InvalidField("first_day", StrCat("must be less than ", kMostDays, " days before"));
  }
  return DayRange{first, NextDay(last)};
}

}  // namespace kasbah::audit
