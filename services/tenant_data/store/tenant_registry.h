#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/domain/host_cache.h"
#include "services/tenant_data/store/tenant_copies.h"
#include "services/tenant_data/store/tenant_store.h"

namespace kasbah::tenantdata {

// The life of tenants: each change commits together with its event in the tenant's own trail.
// Thread safe.
class TenantRegistry {
 public:
  // `door` is the registry's. `cache` is told of every change, and `copies`, if there are any.
  TenantRegistry(postgres::Door& door, outbox::Outbox& outbox, HostCache& cache, const Clock& clock,
                 TenantCopies* copies = nullptr)
      : door_(door), outbox_(outbox), cache_(cache), clock_(clock), copies_(copies) {}

  // ALREADY_EXISTS when the slug is taken; what CheckSlug says of it.
  absl::StatusOr<Tenant> Create(const CallContext& call, const std::string& slug,
                                const std::string& display_name);
  // The call's own tenant. TENANT_SUSPENDED, TENANT_CLOSED.
  absl::StatusOr<Tenant> Get(const CallContext& call);
  // ETAG_MISMATCH when the tenant is not in the version that `etag` names.
  absl::StatusOr<Tenant> Update(const CallContext& call, const std::string& etag,
                                const std::string& display_name);
  // From the commit every service refuses the tenant, where its records are first. Again: the same
  // answer and no second event, which is also how a call that did not reach every copy ends well.
  // TENANT_CLOSED for a closed one, which stays so.
  absl::StatusOr<Tenant> Suspend(const CallContext& call, const std::string& reason);
  absl::StatusOr<Tenant> Resume(const CallContext& call);
  // For good; its hosts are nobody's from the commit on.
  absl::StatusOr<Tenant> Close(const CallContext& call, const std::string& reason);
  // The last of it, once everything else is gone: its names. A closed tenant's, again without a
  // second event. FAILED_PRECONDITION, TENANT_NOT_CLOSED.
  absl::Status Erase(const CallContext& call);
  // Whether the tenant is closed, which it stays, and `confirm` its slug. FAILED_PRECONDITION,
  // TENANT_NOT_CLOSED; ALREADY_EXISTS, TENANT_ERASED; INVALID_FIELDS at "confirm".
  absl::Status ConfirmErasure(const CallContext& call, const std::string& confirm);
  absl::StatusOr<std::vector<Tenant>> List(const CallContext& call, TenantId after, int64_t limit);

 private:
  absl::StatusOr<Tenant> Move(const CallContext& call, TenantState to, std::string_view verb,
                              const std::string& reason);
  absl::Status Push(const Tenant& tenant, absl::Time deadline);

  postgres::Door& door_;
  outbox::Outbox& outbox_;
  HostCache& cache_;
  const Clock& clock_;
  TenantCopies* const copies_;
  TenantStore tenants_;
};

}  // namespace kasbah::tenantdata
