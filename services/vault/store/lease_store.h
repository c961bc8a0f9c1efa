#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/vault/domain/lease.h"

namespace kasbah::vault {

// vault.leases, within a transaction of their tenant. Each change names the state that it starts
// from, and says whether the lease was in it. Stateless.
class LeaseStore {
 public:
  template <typename T>
  using Pending = postgres::Pending<T>;
  using Transaction = postgres::Transaction;

  // Creating, the upkeep's from `due` on.
  static void Insert(Transaction& tx, TenantId tenant, const Lease& lease, absl::Time due);
  // NOT_FOUND.
  static Pending<Lease> Get(Transaction& tx, TenantId tenant, LeaseId id);
  static Pending<Lease> GetForUpdate(Transaction& tx, TenantId tenant, LeaseId id);
  // Those that are there, held.
  static Pending<std::vector<Lease>> GetManyForUpdate(Transaction& tx, TenantId tenant,
                                                      const std::vector<LeaseId>& ids);

  struct ListOptions {
    // A role's path, or what several begin with; empty: all.
    std::string role_prefix;
    // Exclusive, going down; unset: from the newest.
    std::optional<LeaseId> after;
    bool with_ended = false;
    int limit = 100;
  };
  // Newest first.
  static Pending<std::vector<Lease>> List(Transaction& tx, TenantId tenant,
                                          const ListOptions& options);
  static Pending<int64_t> CountUnended(Transaction& tx, TenantId tenant, DatabaseId database);

  // Creating → active, unless its time is over.
  static Pending<bool> Activate(Transaction& tx, TenantId tenant, LeaseId id, absl::Time now);
  // Of an active one that still ends at `before`.
  static Pending<bool> Extend(Transaction& tx, TenantId tenant, LeaseId id, absl::Time before,
                              absl::Time expires_at);
  // Active → revoking, the upkeep's from `due` on. One that is being created stays its maker's
  // until then: → revoking all the same, and what the maker does next fails.
  static void Revoke(Transaction& tx, TenantId tenant, LeaseId id, std::string_view cause,
                     absl::Time due);
  // The same for every lease within a path, of a database (nil: any), at most `limit`; those that
  // it was done to.
  static Pending<std::vector<Lease>> RevokeWithin(Transaction& tx, TenantId tenant,
                                                  std::string_view prefix, DatabaseId database,
                                                  absl::Time due, int limit);
  // Whatever its state → revoking, due at once: its maker does not know how far it came.
  static void Abandon(Transaction& tx, TenantId tenant, LeaseId id, absl::Time now);
  // Creating with nothing made, or revoking and all gone → ended.
  static Pending<bool> End(Transaction& tx, TenantId tenant, LeaseId id, std::string_view cause,
                           absl::Time now);
  // Revoking because it expired → active.
  static Pending<bool> Adopt(Transaction& tx, TenantId tenant, LeaseId id, absl::Time expires_at);
  // The rows of those that ended go.
  static void Forget(Transaction& tx, TenantId tenant, const std::vector<LeaseId>& ids);

  // For data subjects.
  static Pending<std::vector<LeaseId>> HeldBy(Transaction& tx, TenantId tenant,
                                              std::string_view actor);
  static Pending<int64_t> EraseActor(Transaction& tx, TenantId tenant, std::string_view actor);
};

}  // namespace kasbah::vault
