#include "services/audit/rpc/meters.h"

#include "services/audit/store/event_quota.h"

namespace kasbah::audit {

std::vector<usage::Meter> Meters() {
  using usage::Meter;
  return {{.id = usage::v1::METER_EVENTS,
           .is_held = false,
           .limit = Meter::Limit::kNone,
           .count = &event_quota::CountAll},
          {.id = usage::v1::METER_APPENDED_EVENTS,
           .is_held = false,
           .limit = Meter::Limit::kRow,
           .count = &event_quota::CountAppended}};
}

}  // namespace kasbah::audit
