#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/subject/tenant_table.h"

namespace kasbah::tenantdata {

// What becomes of a tenant's domains in an export and in an erasure. They are at home, wherever its
// records are, so the transactions of its database do not reach them. Thread safe.
class DomainRights {
 public:
  // `resolver` is the door of home.
  DomainRights(postgres::Door& resolver, outbox::Outbox& outbox, const Clock& clock)
      : resolver_(resolver), outbox_(outbox), clock_(clock) {}

  // Answers of the statements of `table`, which is that of the domains, after `cursor`; empty: from
  // the beginning.
  absl::StatusOr<postgres::Result> Page(const CallContext& call, const subject::TenantTable& table,
                                        const std::string& cursor);

  struct Erased {
    uint64_t domains = 0;
    // Events of the tenant that wait at home.
    uint64_t undelivered = 0;
  };
  // All that there are, with an event where there were some. Of a closed tenant, whose hosts are
  // nobody's any more.
  absl::StatusOr<Erased> Erase(const CallContext& call);

 private:
  postgres::Door& resolver_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::tenantdata
