#include "services/webhook/rpc/meters.h"

#include "services/webhook/store/delivery_quota.h"

namespace kasbah::webhook {

std::vector<usage::Meter> Meters() {
  return {{.id = usage::v1::METER_DELIVERIES,
           .is_held = false,
           .limit = usage::Meter::Limit::kRow,
           .count = &DeliveryQuota::Count}};
}

}  // namespace kasbah::webhook
