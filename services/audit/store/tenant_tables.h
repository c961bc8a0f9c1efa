#pragma once

#include <array>

#include "libs/subject/tenant_table.h"

namespace kasbah::audit {

// What becomes of every table of schema audit that holds rows of tenants, in an export and in an
// erasure. The trail stays, without its personal values: what proves that something was erased is
// itself not erased. Partitions go with their tables.
inline constexpr auto kTenantTableList = std::to_array<subject::TenantTable>({
    KASBAH_SHOWN_AND_KEPT("audit.event", "seq",
                          "seq, recorded_at, convert_from(body, 'UTF8')::json AS body, "
                          "source_address, user_agent, actor_display",
                          "the trail, of which an erasure destroys the personal values"),
    KASBAH_HIDDEN_AND_KEPT("audit.leaf",
                           "hashed commitments, of which the trail's proofs are made"),
    KASBAH_HIDDEN_AND_KEPT("audit.tile", "hashes of the trail's leaves"),
    KASBAH_HIDDEN_AND_KEPT("audit.log_head", "how long the trail is, and its root"),
    KASBAH_HIDDEN_AND_KEPT("audit.checkpoint", "the signed head of the trail"),
    KASBAH_HIDDEN_AND_ERASED("audit.quarantine", "quarantine_id",
                             "what could not be understood when it came"),
    KASBAH_HIDDEN_AND_KEPT("audit.outbox", "events on their way: the relay empties it"),
});
inline constexpr subject::TenantTables kTenantTables{kTenantTableList, KASBAH_UNDELIVERED("audit")};

}  // namespace kasbah::audit
