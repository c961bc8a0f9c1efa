#include "services/vault/rpc/meters.h"

namespace kasbah::vault {
namespace {

constexpr postgres::Statement kCountSecrets{
    "secrets.count", "SELECT count(*) FROM vault.secrets WHERE tenant_id = $1"};

}  // namespace

std::vector<usage::Meter> Meters() {
  return {{.id = usage::v1::METER_SECRETS,
           .is_held = true,
           .limit = usage::Meter::Limit::kSlots,
           .count = usage::HeldBy(kCountSecrets)}};
}

}  // namespace kasbah::vault
