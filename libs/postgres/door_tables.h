#pragma once

#include <string_view>

namespace kasbah::postgres::internal {

// What a role reaches past the scope of one tenant, by policies of its own. A change here is a
// change of who sees every tenant's rows: it is reviewed as one.
struct DoorTable {
  std::string_view role;
  std::string_view table;
  // Separated by commas; ALL is a policy for every verb.
  std::string_view verbs;
  // Those of SELECT, INSERT and UPDATE, separated by commas; empty: the table's every column.
  std::string_view columns;
};

inline constexpr DoorTable kDoorTables[] = {
    // What core.enter and core.claim read and make, and audit's doors to pruning look at, all of
    // which run as the owner.
    {"kasbah_owner", "core.tenants", "SELECT,INSERT", ""},
    {"kasbah_owner", "core.installation", "ALL", ""},
    {"kasbah_owner", "audit.log_head", "ALL", ""},
    {"kasbah_owner", "audit.event", "ALL", ""},
    {"kasbah_owner", "audit.leaf", "ALL", ""},
    {"kasbah_owner", "audit.tile", "ALL", ""},
    {"kasbah_owner", "audit.hold", "ALL", ""},
    {"kasbah_owner", "audit.archive", "ALL", ""},
    {"kasbah_owner", "audit.retention", "ALL", ""},
    {"kasbah_owner", "audit.retention_state", "ALL", ""},

    // Carry events out.
    {"kasbah_auth_relay", "auth.outbox", "SELECT,DELETE", ""},
    {"kasbah_auth_relay", "auth.outbox_relay", "SELECT,UPDATE", ""},
    {"kasbah_vault_relay", "vault.outbox", "SELECT,DELETE", ""},
    {"kasbah_vault_relay", "vault.outbox_relay", "SELECT,UPDATE", ""},
    {"kasbah_tenant_data_relay", "tenant_data.outbox", "SELECT,DELETE", ""},
    {"kasbah_tenant_data_relay", "tenant_data.outbox_relay", "SELECT,UPDATE", ""},
    {"kasbah_webhook_relay", "webhook.outbox", "SELECT,DELETE", ""},
    {"kasbah_webhook_relay", "webhook.outbox_relay", "SELECT,UPDATE", ""},
    {"kasbah_audit_relay", "audit.outbox", "SELECT,DELETE", ""},
    {"kasbah_audit_relay", "audit.outbox_relay", "SELECT,UPDATE", ""},

    // Write what the relays bring.
    {"kasbah_audit_ingest", "audit.log_head", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.event", "SELECT,INSERT", ""},
    {"kasbah_audit_ingest", "audit.leaf", "SELECT,INSERT", ""},
    {"kasbah_audit_ingest", "audit.tile", "SELECT,INSERT", ""},
    {"kasbah_audit_ingest", "audit.checkpoint", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.receiver_cursor", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.quarantine", "INSERT", ""},
    {"kasbah_audit_ingest", "audit.signing_key", "SELECT,INSERT", ""},
    {"kasbah_audit_ingest", "audit.event_count", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.count_cursor", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.appended_event", "SELECT,INSERT,DELETE", ""},
    {"kasbah_audit_ingest", "audit.system_log", "SELECT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.system_entry", "SELECT,INSERT", ""},
    {"kasbah_audit_ingest", "audit.system_tile", "SELECT,INSERT", ""},
    {"kasbah_audit_ingest", "audit.system_member", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.system_checkpoint", "SELECT,INSERT,UPDATE,DELETE", ""},
    {"kasbah_audit_ingest", "audit.witness", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.self_check", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.damage", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.cursor_seal", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.sink_cursor", "SELECT,UPDATE", ""},
    {"kasbah_audit_ingest", "audit.quotas", "SELECT,UPDATE", ""},

    // Which logs are past their retention.
    {"kasbah_audit_upkeep", "audit.log_head", "SELECT", "tenant_id,size,min_index"},
    {"kasbah_audit_upkeep", "audit.retention_state", "SELECT,UPDATE", ""},
    {"kasbah_audit_upkeep", "audit.retention", "SELECT", ""},
    {"kasbah_audit_upkeep", "audit.redaction", "SELECT,DELETE", ""},
    {"kasbah_audit_upkeep", "audit.archive", "SELECT,INSERT", ""},
    {"kasbah_audit_upkeep", "audit.archive", "UPDATE",
     "next_object,events_object,events_bytes,personal_object,personal_bytes,manifest,written_at"},

    // Whose logs an incident shows in.
    {"kasbah_audit_incidents", "audit.log_head", "SELECT", "tenant_id,size"},
    {"kasbah_audit_incidents", "audit.event", "SELECT",
     "tenant_id,seq,recorded_at,actor_id,target_id,source_address"},
    {"kasbah_audit_incidents", "audit.incident", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_incidents", "audit.incident_tenant", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_audit_incidents", "audit.incident_entry", "SELECT,INSERT", ""},

    // Users by e-mail.
    {"kasbah_auth_resolver", "core.tenants", "SELECT", ""},
    {"kasbah_auth_resolver", "auth.users", "SELECT,INSERT,DELETE", ""},
    {"kasbah_auth_resolver", "auth.revocations", "SELECT,DELETE", ""},
    {"kasbah_auth_resolver", "auth.signing_keys", "SELECT,INSERT,DELETE", ""},

    // Keys of nobody's, and what is due.
    {"kasbah_vault_root", "vault.root_keys", "SELECT,INSERT", ""},
    {"kasbah_vault_root", "vault.root_key_wraps", "SELECT,INSERT,DELETE", ""},
    {"kasbah_vault_upkeep", "vault.secrets", "SELECT",
     "tenant_id,secret_id,expires_at,next_rotation_at,deleted_at,purge_at"},
    {"kasbah_vault_upkeep", "vault.secret_versions", "SELECT",
     "tenant_id,secret_id,version,destroy_at"},
    {"kasbah_vault_upkeep", "vault.requests", "SELECT", "tenant_id,created_at"},
    {"kasbah_vault_upkeep", "vault.keys", "SELECT", "tenant_id,key_id,next_rotation_at"},
    {"kasbah_vault_upkeep", "vault.key_versions", "SELECT",
     "tenant_id,key_id,version,generation,destroy_at,destroyed_at"},
    {"kasbah_vault_upkeep", "vault.rewraps", "SELECT", "tenant_id,rewrap_id,state,lease_until"},
    {"kasbah_vault_upkeep", "vault.leases", "SELECT",
     "tenant_id,lease_id,database_id,due_at,attempts"},
    {"kasbah_vault_upkeep", "vault.leases", "UPDATE", "due_at,attempts,waiting_for"},
    {"kasbah_vault_upkeep", "vault.shares", "SELECT",
     "tenant_id,share_id,shredded_at,destroyed_at"},

    // The list of tenants and what they use, for operators.
    {"kasbah_tenant_data_registry", "core.tenants", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_tenant_data_registry", "tenant_data.hosts", "SELECT,DELETE", "tenant_id"},
    {"kasbah_tenant_data_registry", "tenant_data.quota_settings", "SELECT,INSERT,UPDATE,DELETE",
     ""},
    {"kasbah_tenant_data_registry", "tenant_data.usage_days", "SELECT,INSERT,UPDATE,DELETE", ""},
    {"kasbah_tenant_data_registry", "tenant_data.usage_now", "SELECT,INSERT,UPDATE,DELETE", ""},
    {"kasbah_tenant_data_registry", "tenant_data.usage_state", "SELECT,UPDATE", ""},

    // Whose a host is.
    {"kasbah_tenant_data_resolver", "core.tenants", "SELECT", "tenant_id,slug,state"},
    {"kasbah_tenant_data_resolver", "tenant_data.hosts", "SELECT,INSERT,DELETE", ""},

    // What is due.
    {"kasbah_tenant_data_upkeep", "core.tenants", "SELECT", "tenant_id,records,state"},
    {"kasbah_tenant_data_upkeep", "tenant_data.domains", "SELECT",
     "tenant_id,domain_id,next_check_at"},
    {"kasbah_tenant_data_upkeep", "tenant_data.domains", "UPDATE", "next_check_at"},
    {"kasbah_tenant_data_upkeep", "tenant_data.field_indexes", "SELECT",
     "tenant_id,collection_id,field_id,state,due_at"},
    {"kasbah_tenant_data_upkeep", "tenant_data.files", "SELECT", "tenant_id,file_id,due_at"},
    {"kasbah_tenant_data_upkeep", "tenant_data.files", "UPDATE", "due_at"},
    {"kasbah_tenant_data_upkeep", "tenant_data.rights_operations", "SELECT",
     "tenant_id,operation_id,state,lease_until"},
    {"kasbah_tenant_data_upkeep", "tenant_data.rights_operations", "UPDATE",
     "lease_until,waiting_for"},
    {"kasbah_tenant_data_upkeep", "tenant_data.changed_rows", "INSERT", ""},

    // Where tenants' records are.
    {"kasbah_tenant_data_mover", "core.tenants", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_tenant_data_mover", "tenant_data.placements", "SELECT,INSERT,UPDATE,DELETE", ""},
    {"kasbah_tenant_data_mover", "tenant_data.moves", "SELECT,INSERT,UPDATE", ""},

    // Takes in events and claims deliveries.
    {"kasbah_webhook_queue", "core.tenants", "SELECT", ""},
    {"kasbah_webhook_queue", "webhook.endpoints", "SELECT", ""},
    {"kasbah_webhook_queue", "webhook.messages", "SELECT,INSERT", ""},
    {"kasbah_webhook_queue", "webhook.deliveries", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_webhook_queue", "webhook.queue", "SELECT,INSERT,UPDATE,DELETE", ""},
    {"kasbah_webhook_queue", "webhook.attempts", "SELECT,INSERT", ""},
    {"kasbah_webhook_queue", "webhook.quarantine", "SELECT,INSERT", ""},
    {"kasbah_webhook_queue", "webhook.receiver_cursors", "SELECT,INSERT,UPDATE", ""},
    {"kasbah_webhook_queue", "webhook.quotas", "SELECT,UPDATE", ""},
};

}  // namespace kasbah::postgres::internal
