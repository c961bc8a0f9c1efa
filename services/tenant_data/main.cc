#include "libs/config/config.h"
#include "services/tenant_data/tenant_data_app.h"

int main(int argc, char** argv) {
  kasbah::tenantdata::TenantDataConfig config;
  return kasbah::config::Main(
      argc, argv, "kasbah-tenant-data", "Tenants, their customers, and records of typed fields.",
      [&config](kasbah::config::Section& root) { config.Read(root); },
      [&config] { return kasbah::tenantdata::RunTenantData(config); });
}
