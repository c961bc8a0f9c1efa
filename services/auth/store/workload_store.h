#pragma once

#include <optional>
#include <vector>

#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/auth/domain/workload.h"

namespace kasbah::auth {

// auth.workloads and the service accounts mapped to them, within a transaction of their tenant. No
// state of its own.
class WorkloadStore {
 public:
  template <typename T>
  using Pending = postgres::Pending<T>;
  using Transaction = postgres::Transaction;

  // With its service accounts. ALREADY_EXISTS when the name or one of them is taken.
  void Insert(Transaction& tx, TenantId tenant, const Workload& workload) const;
  // NOT_FOUND.
  Pending<Workload> Get(Transaction& tx, TenantId tenant, const WorkloadRef& ref) const;
  // The same, held until the transaction ends.
  Pending<Workload> Lock(Transaction& tx, TenantId tenant, const WorkloadRef& ref) const;
  // In the order they were made, after `after`.
  Pending<std::vector<Workload>> List(Transaction& tx, TenantId tenant, WorkloadId after,
                                      int limit) const;
  // Its service accounts, revision and time of change. ALREADY_EXISTS.
  void Save(Transaction& tx, TenantId tenant, const Workload& workload) const;
  void Delete(Transaction& tx, TenantId tenant, WorkloadId id) const;

  // What assertions are issued by: one statement, no lock.
  struct Known {
    WorkloadId id;
    std::string name;
  };
  Pending<std::optional<Known>> FindByName(Transaction& tx, TenantId tenant,
                                           std::string_view name) const;
  Pending<std::optional<Known>> FindByServiceAccount(Transaction& tx, TenantId tenant,
                                                     const ServiceAccount& account) const;

 private:
  void InsertServiceAccounts(Transaction& tx, TenantId tenant, const Workload& workload) const;
};

}  // namespace kasbah::auth
