#include "services/vault/store/kek_rows.h"

namespace kasbah::vault {

std::optional<StoredKek> KekOf(const postgres::Row& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  StoredKek kek;
  kek.share = row.Get<Uuid>(column);
  kek.generation = row.Get<uint32_t>(column + 1);
  kek.shredded_at = row.Get<std::optional<absl::Time>>(column + 2);
  if (!row.IsNull(column + 3)) {
    kek.seal = TenantSeal{row.Get<std::string>(column + 3), row.Get<std::string>(column + 4),
                          row.Get<std::string>(column + 5)};
    kek.sealed_half = row.Get<std::string>(column + 6);
  }
  return kek;
}

}  // namespace kasbah::vault
