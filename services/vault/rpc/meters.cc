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
           .count = [](postgres::Transaction& tx, TenantId tenant, absl::Time, absl::Time) {
             return tx.RunForOne(
                 kCountSecrets, "count",
                 [](const postgres::Row& row) { return row.Get<int64_t>(0); }, tenant);
           }}};
}

}  // namespace kasbah::vault
