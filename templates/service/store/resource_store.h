#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/@schema@/domain/@resource@.h"

namespace kasbah::@package@ {

// A tenant's @plural@, within the transaction's tenant. No state of its own.
class @Resource@Store {
 public:
  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, TenantId tenant,
                                             const @Resource@& @resource@) const;
  // NOT_FOUND.
  postgres::Pending<@Resource@> Get(postgres::Transaction& tx, TenantId tenant,
                                @Resource@Id id) const;
  // Those that somebody made, in the order of their ids.
  postgres::Pending<std::vector<@Resource@Id>> MadeBy(postgres::Transaction& tx, TenantId tenant,
                                                  const std::string& actor) const;
  // Forgets who it was; of how many.
  postgres::Pending<uint64_t> BlankMaker(postgres::Transaction& tx, TenantId tenant,
                                         const std::string& actor) const;
};

}  // namespace kasbah::@package@
