#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/store/tenant_store.h"

namespace kasbah::tenantdata {

// The life of tenants: each change commits together with its event in the tenant's own trail.
// Thread safe.
class TenantRegistry {
 public:
  // `door` is the registry's.
  TenantRegistry(postgres::Door& door, outbox::Outbox& outbox, const Clock& clock)
      : door_(door), outbox_(outbox), clock_(clock) {}

  // ALREADY_EXISTS when the slug is taken; what CheckSlug says of it.
  absl::StatusOr<Tenant> Create(const CallContext& call, const std::string& slug,
                                const std::string& display_name);
  // The call's own tenant. TENANT_SUSPENDED.
  absl::StatusOr<Tenant> Get(const CallContext& call);
  // From the commit every service refuses the tenant. Again: the same answer and no second event.
  absl::StatusOr<Tenant> Suspend(const CallContext& call, const std::string& reason);
  absl::StatusOr<Tenant> Resume(const CallContext& call);
  absl::StatusOr<std::vector<Tenant>> List(const CallContext& call, TenantId after, int64_t limit);

 private:
  absl::StatusOr<Tenant> Change(const CallContext& call, bool suspend, const std::string& reason);

  postgres::Door& door_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  TenantStore tenants_;
};

}  // namespace kasbah::tenantdata
