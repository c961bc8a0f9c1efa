#pragma once

#include <array>

#include "libs/subject/tenant_table.h"

namespace kasbah::tenantdata {

// What becomes of every table of schemas tenant_data and core that holds rows of tenants, in an
// export and in an erasure. Records come with their sealed values opened (rpc/record_pages.h); what
// files hold is beside the pages, written by whoever makes the archive. Domains are at home
// wherever the rest is, so they go first, and by another way (store/domain_rights.h).
inline constexpr auto kTenantTableList = std::to_array<subject::TenantTable>({
    KASBAH_SHOWN_AND_ERASED("tenant_data.customers", "customer_id",
                            "customer_id, external_id, display_name, state, created_at"),
    KASBAH_SHOWN_AND_ERASED("tenant_data.domains", "domain_id",
                            "domain_id, host, state, created_at, verified_at, checked_at"),
    KASBAH_SHOWN_AND_ERASED("tenant_data.files", "file_id",
                            "file_id, customer_id, collection_id, record_id, name, content_type, "
                            "size, encode(sha256, 'hex') AS sha256, subject, state, creator_kind, "
                            "creator_id, created_at"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.file_references", "file_id, record_id, field_id",
                             "values of records once more"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.file_usage", "tenant_id", "a sum over files"),
    KASBAH_SHOWN_SPECIALLY("tenant_data.records", "record_id"),
    KASBAH_SHOWN_SPECIALLY("tenant_data.record_history", "record_id, version"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.record_index", "record_id, field_id",
                             "values of records once more"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.record_unique", "field_id, value",
                             "values of records once more"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.requests", "request_id", "request ids of the last day"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.import_refusals", "import_id, line",
                             "lines that an import refused"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.imports", "import_id", "how far imports came"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.erased_subjects", "digest",
                             "digests of the ids of people who were erased"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.cursor_keys", "tenant_id", "key material"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.field_indexes", "field_id", "how far indexes are built"),
    KASBAH_SHOWN_AND_ERASED("tenant_data.field_groups", "collection_id, schema_version, group_id",
                            "collection_id, schema_version, group_id, position, key, "
                            "display_name"),
    KASBAH_SHOWN_AND_ERASED(
        "tenant_data.fields", "collection_id, schema_version, field_id",
        "collection_id, schema_version, field_id, position, key, display_name, type, is_required, "
        "is_unique, is_indexed, is_sealed, min_value, max_value, pattern, choices, scale, "
        "default_value, is_searchable, is_sensitive, reference_collection, group_key, is_retired, "
        "indexed_orders"),
    KASBAH_SHOWN_AND_ERASED("tenant_data.collections", "collection_id",
                            "collection_id, key, display_name, schema_version, created_at, "
                            "updated_at, deleted_at"),
    KASBAH_SHOWN_AND_ERASED("tenant_data.quotas", "meter", "meter, most"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.quota_slots", "meter, slot", "what is left of quotas"),
    KASBAH_HIDDEN_AND_ERASED("tenant_data.rights_members", "operation_id, number",
                             "what archives of this kind are made of"),
    KASBAH_SHOWN_AND_KEPT("tenant_data.rights_operations", "operation_id",
                          "operation_id, kind, state, error, actor_kind, actor_id, created_at, "
                          "finished_at",
                          "that there were exports and an erasure, and when"),
    KASBAH_HIDDEN_AND_KEPT("tenant_data.rights_counts", "how many rows an erasure took"),
    KASBAH_HIDDEN_AND_KEPT("tenant_data.hosts", "nobody's since the tenant was closed"),
    KASBAH_HIDDEN_AND_KEPT("tenant_data.placements", "which database had the records"),
    KASBAH_HIDDEN_AND_KEPT("tenant_data.moves", "from where to where they moved, and when"),
    KASBAH_HIDDEN_AND_KEPT("tenant_data.changed_rows",
                           "of rows that change while they move: the move removes them"),
    KASBAH_HIDDEN_AND_KEPT("tenant_data.quota_settings",
                           "what operators allowed: goes with the tenant's names"),
    KASBAH_HIDDEN_AND_KEPT("tenant_data.usage_days", "how much was used on which day: bills"),
    KASBAH_HIDDEN_AND_KEPT("tenant_data.usage_now", "how much was there at the last count"),
    KASBAH_HIDDEN_AND_KEPT("tenant_data.outbox", "events on their way: the relay empties it"),
    KASBAH_HIDDEN_AND_KEPT("core.tenants", "the id, that it was erased, and when"),
});
inline constexpr subject::TenantTables kTenantTables{kTenantTableList,
                                                     KASBAH_UNDELIVERED("tenant_data")};

}  // namespace kasbah::tenantdata
