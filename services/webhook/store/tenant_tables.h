#pragma once

#include <array>

#include "libs/subject/tenant_table.h"

namespace kasbah::webhook {

// What becomes of every table of schema webhook that holds rows of tenants, in an export and in an
// erasure.
inline constexpr auto kTenantTableList = std::to_array<subject::TenantTable>({
    KASBAH_HIDDEN_AND_ERASED("webhook.queue", "message_id, endpoint_id",
                             "what is still to be sent: deliveries say which"),
    KASBAH_SHOWN_AND_ERASED("webhook.attempts", "attempt_id",
                            "attempt_id, message_id, endpoint_id, number, started_at, "
                            "http_status, error, duration_ms"),
    KASBAH_SHOWN_AND_ERASED("webhook.deliveries", "message_id, endpoint_id",
                            "message_id, endpoint_id, state, attempts, created_at, finished_at"),
    KASBAH_SHOWN_AND_ERASED("webhook.messages", "message_id",
                            "message_id, event_id, event_type, customer_id, "
                            "convert_from(body, 'UTF8') AS body, request_id, created_at"),
    KASBAH_SHOWN_AND_ERASED("webhook.endpoints", "endpoint_id",
                            "endpoint_id, url, description, event_types, state, created_at"),
    KASBAH_SHOWN_AND_ERASED("webhook.quotas", "meter", "meter, most"),
    KASBAH_HIDDEN_AND_ERASED("webhook.quarantine", "source, shard, epoch, outbox_id",
                             "what could not be understood when it came"),
    KASBAH_HIDDEN_AND_KEPT("webhook.outbox", "events on their way: the relay empties it"),
});
inline constexpr subject::TenantTables kTenantTables{kTenantTableList,
                                                     KASBAH_UNDELIVERED("webhook")};

}  // namespace kasbah::webhook
