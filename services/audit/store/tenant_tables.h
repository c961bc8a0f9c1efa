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
    KASBAH_HIDDEN_AND_KEPT("audit.retention", "how long the trail is kept"),
    KASBAH_HIDDEN_AND_KEPT("audit.archive", "which bundles hold the trail's beginning"),
    KASBAH_HIDDEN_AND_KEPT("audit.hold", "why events of the trail were not to go"),
    KASBAH_HIDDEN_AND_KEPT("audit.redaction", "what was taken out of the trail"),
    KASBAH_HIDDEN_AND_KEPT("audit.incident_tenant", "that an incident concerned the tenant"),
    KASBAH_HIDDEN_AND_KEPT("audit.event_count", "the trail's events, counted"),
    KASBAH_HIDDEN_AND_KEPT("audit.count_cursor", "how far they are counted"),
    KASBAH_HIDDEN_AND_KEPT("audit.system_entry", "heads of the trail that witnesses saw"),
    KASBAH_HIDDEN_AND_KEPT("audit.system_member", "how much of the trail witnesses saw"),
    KASBAH_HIDDEN_AND_KEPT("audit.self_check", "when the trail was checked"),
    KASBAH_HIDDEN_AND_KEPT("audit.damage", "what was found in it that is not as it was written"),
    KASBAH_HIDDEN_AND_ERASED("audit.quarantine", "quarantine_id",
                             "what could not be understood when it came"),
    KASBAH_HIDDEN_AND_ERASED("audit.appended_event", "client_event_id",
                             "the applications' own ids of events of the last 90 days"),
    KASBAH_HIDDEN_AND_ERASED("audit.sink_refusal", "sink_id, seq",
                             "events of the trail that a receiver did not want"),
    KASBAH_HIDDEN_AND_ERASED("audit.sink_cursor", "sink_id", "how far sinks came"),
    KASBAH_SHOWN_AND_ERASED("audit.quotas", "meter", "meter, most"),
    KASBAH_SHOWN_AND_ERASED("audit.sink", "sink_id", "sink_id, name, created_at"),
    KASBAH_HIDDEN_AND_KEPT("audit.outbox", "events on their way: the relay empties it"),
});
inline constexpr subject::TenantTables kTenantTables{kTenantTableList, KASBAH_UNDELIVERED("audit")};

}  // namespace kasbah::audit
