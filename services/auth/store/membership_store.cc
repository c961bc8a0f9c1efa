#include "services/auth/store/membership_store.h"

#include "libs/base/error.h"

namespace kasbah::auth {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsert{"memberships.insert", R"sql(
INSERT INTO auth.memberships (tenant_id, user_id, role, display_name, created_at)
VALUES ($1, $2, $3, $4, $5))sql",
                            Access::kWrite};

constexpr Statement kList{"memberships.list", R"sql(
SELECT user_id, role, display_name, created_at
FROM auth.memberships WHERE tenant_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3)sql"};

constexpr Statement kFind{"memberships.find", R"sql(
SELECT user_id, role, display_name, created_at
FROM auth.memberships WHERE tenant_id = $1 AND user_id = $2)sql"};

constexpr Statement kLockOwnersAnd{"memberships.lock_owners_and", R"sql(
SELECT user_id, role, display_name, created_at
FROM auth.memberships WHERE tenant_id = $1 AND (role = 'owner' OR user_id = $2)
ORDER BY user_id FOR UPDATE)sql"};

constexpr Statement kSetRole{"memberships.set_role", R"sql(
UPDATE auth.memberships SET role = $3 WHERE tenant_id = $1 AND user_id = $2)sql",
                             Access::kWrite};

constexpr Statement kDelete{"memberships.delete", R"sql(
DELETE FROM auth.memberships WHERE tenant_id = $1 AND user_id = $2)sql",
                            Access::kWrite};

std::vector<Membership> ToMemberships(const Result& rows) {
  std::vector<Membership> members;
  members.reserve(static_cast<size_t>(rows.size()));
  for (const Row row : rows) {
    const std::optional<Role> role = ParseRole(row.Get<std::string>(1));
    KASBAH_CHECK(role.has_value());
    members.push_back(
        Membership{row.Get<UserId>(0), *role, row.Get<std::string>(2), row.Get<absl::Time>(3)});
  }
  return members;
}

}  // namespace

Pending<Result> MembershipStore::Insert(Transaction& tx, TenantId tenant,
                                        const Membership& member) const {
  return tx.Run(kInsert, tenant, member.user, NameOf(member.role), member.display_name,
                member.create_time);
}

Pending<std::vector<Membership>> MembershipStore::List(Transaction& tx, TenantId tenant,
                                                       UserId after, int limit) const {
  return tx.Run(kList, tenant, after, limit).Map(ToMemberships);
}

Pending<std::vector<Membership>> MembershipStore::Find(Transaction& tx, TenantId tenant,
                                                       UserId user) const {
  return tx.Run(kFind, tenant, user).Map(ToMemberships);
}

Pending<std::vector<Membership>> MembershipStore::LockOwnersAnd(Transaction& tx, TenantId tenant,
                                                                UserId user) const {
  return tx.Run(kLockOwnersAnd, tenant, user).Map(ToMemberships);
}

Pending<Result> MembershipStore::SetRole(Transaction& tx, TenantId tenant, UserId user,
                                         Role role) const {
  return tx.Run(kSetRole, tenant, user, NameOf(role));
}

Pending<uint64_t> MembershipStore::Delete(Transaction& tx, TenantId tenant, UserId user) const {
  return tx.Run(kDelete, tenant, user).Map([](Result changed) {
    return static_cast<uint64_t>(changed.affected());
  });
}

}  // namespace kasbah::auth
