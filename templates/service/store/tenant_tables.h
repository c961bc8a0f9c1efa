#pragma once

#include <array>

#include "libs/subject/tenant_table.h"

namespace kasbah::@package@ {

// What becomes of every table of schema @schema@ that holds rows of tenants, in an export and
// in an erasure.
inline constexpr auto kTenantTableList = std::to_array<subject::TenantTable>({
    KASBAH_SHOWN_AND_ERASED("@schema@.@plural@", "@resource@_id",
                            "@resource@_id, title, created_by, created_at"),
    KASBAH_HIDDEN_AND_KEPT("@schema@.outbox", "events on their way: the relay empties it"),
});
inline constexpr subject::TenantTables kTenantTables{kTenantTableList,
                                                     KASBAH_UNDELIVERED("@schema@")};

}  // namespace kasbah::@package@
