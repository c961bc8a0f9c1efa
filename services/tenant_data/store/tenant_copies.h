#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/tenant_data/domain/tenant.h"

namespace kasbah::tenantdata {

// The tenant's rows of core.tenants in the databases that its records are in, which are copies of
// the one at home. Thread safe.
class TenantCopies {
 public:
  virtual ~TenantCopies() = default;
  // Has every copy that matters in the tenant's version, unless it is newer. What refuses a tenant
  // is done so before it is committed at home, and what lets it in afterwards. UNAVAILABLE while
  // one of the databases is away.
  virtual absl::Status Push(const Tenant& tenant, absl::Time deadline) = 0;
};

}  // namespace kasbah::tenantdata
