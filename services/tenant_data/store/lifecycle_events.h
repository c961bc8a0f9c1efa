#pragma once

#include <string_view>

#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/domain.h"
#include "services/tenant_data/domain/tenant.h"
#include "services/tenant_data/store/customer_store.h"

namespace kasbah::tenantdata {

// The audit event and the change event of a change to a tenant, a customer or a domain, in the
// transaction of the change. `verb` is "create", "suspend", …: the audit action is tenant.suspend,
// the change event tenant.suspended, its sequence the version that the change made. `cause` is an
// attribute of the audit event, where there is one.
//
//   tenant.*    {"tenant_id", "slug", "display_name", "state", "version"}
//   customer.*  {"customer_id", "state", "version"}: neither of its names, which may be a person's
//   domain.*    {"domain_id", "host", "state", "version"}
absl::Status AppendTenantEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                                const CallContext& call, const Clock& clock, std::string_view verb,
                                const Tenant& tenant, std::string_view cause = "");
absl::Status AppendCustomerEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                                  const CallContext& call, const Clock& clock,
                                  std::string_view verb, const Customer& customer);
absl::Status AppendDomainEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                                const CallContext& call, const Clock& clock, std::string_view verb,
                                const Domain& domain, std::string_view cause = "");

}  // namespace kasbah::tenantdata
