#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/vault/domain/lease.h"

namespace kasbah::vault {

// vault.databases and vault.database_roles, within a transaction of their tenant. Stateless.
class DatabaseStore {
 public:
  template <typename T>
  using Pending = postgres::Pending<T>;
  using Transaction = postgres::Transaction;

  // Makes the one of this name, or gives it these settings.
  static Pending<TargetDatabase> Put(Transaction& tx, TenantId tenant,
                                     const TargetDatabase& database);
  // NOT_FOUND.
  static Pending<TargetDatabase> Get(Transaction& tx, TenantId tenant, std::string_view name);
  // No lease of it is begun until this transaction ends.
  static Pending<TargetDatabase> GetForUpdate(Transaction& tx, TenantId tenant,
                                              std::string_view name);
  static Pending<TargetDatabase> GetById(Transaction& tx, TenantId tenant, DatabaseId id);
  // By name.
  static Pending<std::vector<TargetDatabase>> List(Transaction& tx, TenantId tenant, int limit);
  // With its roles and leases.
  static void Delete(Transaction& tx, TenantId tenant, DatabaseId id);

  static Pending<DatabaseRole> PutRole(Transaction& tx, TenantId tenant, const DatabaseRole& role);
  // NOT_FOUND.
  static Pending<DatabaseRole> GetRole(Transaction& tx, TenantId tenant, std::string_view path);
  // By path.
  static Pending<std::vector<DatabaseRole>> Roles(Transaction& tx, TenantId tenant, DatabaseId id);
  static void DeleteRole(Transaction& tx, TenantId tenant, std::string_view path);
};

}  // namespace kasbah::vault
