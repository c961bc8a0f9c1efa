#pragma once

#include <string>
#include <vector>

#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/auth/domain/membership.h"

namespace kasbah::auth {

// A tenant's members, within the transaction's tenant. No state of its own.
class MembershipStore {
 public:
  // ALREADY_EXISTS for a member.
  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, TenantId tenant,
                                             const Membership& member) const;
  // By user id, after `after`.
  postgres::Pending<std::vector<Membership>> List(postgres::Transaction& tx, TenantId tenant,
                                                  UserId after, int limit) const;
  // The member, or nobody.
  postgres::Pending<std::vector<Membership>> Find(postgres::Transaction& tx, TenantId tenant,
                                                  UserId user) const;
  // The tenant's owners and the member, locked in one order until the transaction ends: two owners
  // who demote each other wait here, and the second sees what the first did.
  postgres::Pending<std::vector<Membership>> LockOwnersAnd(postgres::Transaction& tx,
                                                           TenantId tenant, UserId user) const;
  postgres::Pending<postgres::Result> SetRole(postgres::Transaction& tx, TenantId tenant,
                                              UserId user, Role role) const;
  // How many rows went: 0 or 1.
  postgres::Pending<uint64_t> Delete(postgres::Transaction& tx, TenantId tenant, UserId user) const;
};

}  // namespace kasbah::auth
