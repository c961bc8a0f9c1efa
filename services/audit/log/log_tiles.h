#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/merkle/tile_path.h"
#include "libs/postgres/transaction.h"

namespace kasbah::audit {

// The bytes of a tile of a log of `size`, in the tenant's scope: as it is stored, or worked out
// where it is partial. NOT_FOUND for one that the log does not reach or that was pruned; DATA_LOSS,
// LOG_DAMAGED, for one that should be there.
absl::StatusOr<std::string> ReadTileFile(postgres::Transaction& tx, TenantId tenant, uint64_t size,
                                         const merkle::TilePath& path);

}  // namespace kasbah::audit
