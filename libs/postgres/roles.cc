#include "libs/postgres/migration.h"

namespace kasbah::postgres {

const std::vector<std::string>& LoginRoles() {
  static const auto* const roles = new std::vector<std::string>{
      "kasbah_migrator",
      "kasbah_auth",
      "kasbah_vault",
      "kasbah_tenant_data",
      "kasbah_webhook",
      "kasbah_audit",
      "kasbah_auth_relay",
      "kasbah_vault_relay",
      "kasbah_tenant_data_relay",
      "kasbah_webhook_relay",
      "kasbah_audit_relay",
      "kasbah_audit_ingest",
      "kasbah_webhook_queue",
      "kasbah_auth_resolver",
      "kasbah_tenant_data_registry",
      "kasbah_vault_root",
      "kasbah_vault_upkeep",
      "kasbah_tenant_data_resolver",
      "kasbah_backup",
      "kasbah_tenant_data_upkeep",
      "kasbah_tenant_data_mover",
      "kasbah_audit_upkeep",
      "kasbah_audit_incidents",
  };
  return *roles;
}

}  // namespace kasbah::postgres
