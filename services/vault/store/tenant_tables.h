#pragma once

#include <array>

#include "libs/subject/tenant_table.h"

namespace kasbah::vault {

// What becomes of every table of schema vault that holds rows of tenants, in an export and in an
// erasure. An export shows that secrets and keys are there and never what they are: secrets are
// read by a program that is registered for it.
inline constexpr auto kTenantTableList = std::to_array<subject::TenantTable>({
    KASBAH_SHOWN_AND_ERASED("vault.leases", "lease_id",
                            "lease_id, database_id, role_path, login, state, cause, actor, "
                            "expires_at, max_expires_at, created_at, ended_at"),
    KASBAH_SHOWN_AND_ERASED("vault.database_roles", "path",
                            "path, database_id, groups, default_ttl, max_ttl, connection_limit, "
                            "created_at, updated_at"),
    KASBAH_SHOWN_AND_ERASED("vault.databases", "database_id",
                            "database_id, name, host, port, dbname, verify_tls, ca, admin_user, "
                            "admin_secret, created_at, updated_at"),
    KASBAH_HIDDEN_AND_ERASED("vault.requests", "request_id", "request ids of the last day"),
    KASBAH_SHOWN_AND_ERASED("vault.secret_grants", "secret_id, actor",
                            "secret_id, actor, can_write"),
    KASBAH_SHOWN_AND_ERASED("vault.secret_versions", "secret_id, version",
                            "secret_id, version, created_by, created_at, disabled_at, destroy_at, "
                            "destroyed_at"),
    KASBAH_SHOWN_AND_ERASED("vault.secrets", "secret_id",
                            "secret_id, path, labels, latest_version, created_at, updated_at, "
                            "expires_at, rotation_period, rotation_topic, next_rotation_at, "
                            "destroy_delay, deleted_at, purge_at, is_restricted"),
    KASBAH_SHOWN_AND_ERASED("vault.quotas", "meter", "meter, most"),
    KASBAH_HIDDEN_AND_ERASED("vault.quota_slots", "meter, slot", "what is left of quotas"),
    KASBAH_HIDDEN_AND_ERASED("vault.rewraps", "rewrap_id", "how far sealing again came"),
    KASBAH_HIDDEN_AND_ERASED("vault.key_versions", "key_id, version", "key material"),
    KASBAH_SHOWN_AND_ERASED("vault.keys", "key_id",
                            "key_id, owner, name, purpose, primary_version, rotation_period, "
                            "created_at"),
    KASBAH_SHOWN_AND_ERASED("vault.tenant_seals", "tenant_id", "kind, key, token, created_at"),
    KASBAH_HIDDEN_AND_KEPT("vault.shares",
                           "that shares were destroyed: ids, and people by keyed hashes of which "
                           "nobody has the key any more"),
    KASBAH_HIDDEN_AND_KEPT("vault.outbox", "events on their way: the relay empties it"),
});
inline constexpr subject::TenantTables kTenantTables{kTenantTableList, KASBAH_UNDELIVERED("vault")};

}  // namespace kasbah::vault
