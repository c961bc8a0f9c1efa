#pragma once

#include <array>

#include "libs/subject/tenant_table.h"

namespace kasbah::auth {

// What becomes of every table of schema auth that holds rows of tenants, in an export and in an
// erasure. E-mail addresses stand with the memberships that they are shown to.
inline constexpr auto kTenantTableList = std::to_array<subject::TenantTable>({
    KASBAH_SHOWN_AND_ERASED("auth.api_keys", "api_key_id",
                            "api_key_id, display_name, role, customer_id, prefix, created_by, "
                            "created_at, expire_at, revoked_at, successor_id"),
    KASBAH_SHOWN_AND_ERASED("auth.workload_service_accounts", "issuer, namespace, service_account",
                            "workload_id, issuer, namespace, service_account"),
    KASBAH_SHOWN_AND_ERASED("auth.workloads", "workload_id",
                            "workload_id, name, created_at, updated_at"),
    KASBAH_SHOWN_AND_ERASED("auth.memberships", "user_id",
                            "user_id, role, display_name, created_at"),
    KASBAH_HIDDEN_AND_ERASED("auth.departures", "user_id",
                             "of an erasure: users to remove where no other tenant has them"),
    KASBAH_HIDDEN_AND_KEPT("auth.revocations",
                           "ids that are revoked, forgotten when no assertion can be that old"),
    KASBAH_HIDDEN_AND_KEPT("auth.outbox", "events on their way: the relay empties it"),
});
inline constexpr subject::TenantTables kTenantTables{kTenantTableList, KASBAH_UNDELIVERED("auth")};

}  // namespace kasbah::auth
