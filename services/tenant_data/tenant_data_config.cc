#include "services/tenant_data/tenant_data_config.h"

namespace kasbah::tenantdata {

void TenantDataConfig::Read(config::Section& section) {
  service.Read(section);
  service::ReadPool(section.Child("registry", "the role that keeps the list of tenants"),
                    &registry);
}

}  // namespace kasbah::tenantdata
