#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/tenant.h"

namespace kasbah::tenantdata {

// What core.tenants says of where a tenant's records are (libs/postgres/migrations/0004), and its
// rows that are copies, through the mover's door of whichever database.
class TenantCopyStore {
 public:
  static constexpr std::string_view kHere = "here";
  static constexpr std::string_view kLeaving = "leaving";
  static constexpr std::string_view kHeld = "held";
  static constexpr std::string_view kElsewhere = "elsewhere";

  // None: this database has never heard of the tenant.
  static postgres::Pending<std::optional<std::string>> FindPlace(postgres::Transaction& tx,
                                                                 TenantId tenant);
  // From the commit on only this worker changes where the records are.
  static void TakeOver(postgres::Transaction& tx, TenantId tenant, Uuid worker);
  // False where they are in none of `expected`, or the hold is over. ABORTED, CONTENTION, while
  // somebody works on them.
  static postgres::Pending<bool> Place(postgres::Transaction& tx, TenantId tenant, Uuid worker,
                                       const std::vector<std::string>& expected,
                                       std::string_view place,
                                       std::optional<absl::Duration> hold = std::nullopt);
  // Fails the transaction, MOVE_TAKEN_OVER, unless the records are elsewhere and nobody but
  // `worker` makes or removes the rows that are here; and holds that until it ends.
  static void RequireMine(postgres::Transaction& tx, TenantId tenant, Uuid worker);

  // The tenant at home, which stays as it is until the transaction ends. NOT_FOUND.
  static postgres::Pending<Tenant> Hold(postgres::Transaction& tx, TenantId tenant);
  // Makes the copy, or has it as at home; its records are elsewhere where it is new.
  static void Put(postgres::Transaction& tx, const Tenant& tenant);
  // As Put for a copy that there is, in an older version.
  static void Push(postgres::Transaction& tx, const Tenant& tenant);

  struct Version {
    TenantId tenant;
    uint64_t version = 0;
    std::string state;
    friend auto operator<=>(const Version&, const Version&) = default;
  };
  // Of those among `tenants` that there are, in the order of their ids.
  static postgres::Pending<std::vector<Version>> Versions(postgres::Transaction& tx,
                                                          const std::vector<TenantId>& tenants);
};

}  // namespace kasbah::tenantdata
