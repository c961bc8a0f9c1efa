#pragma once

#include <string_view>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/vault/domain/lease.h"

namespace kasbah::vault {

// Something of a tenant's whose time has come.
struct Due {
  enum class Kind {
    kExpiry,
    kRotation,
    kPurge,
    kDestruction,
    kRequests,
    kKeyRotation,
    kKeyDestruction,
    kShares,
    kKeysWithoutKek
  };
  Kind kind = Kind::kExpiry;
  TenantId tenant;
  // The secret or the key; the tenant again for requests and shares.
  Uuid id;
  // Of a destruction.
  uint32_t version = 0;
};

struct DueRewrap {
  TenantId tenant;
  RewrapId rewrap;
};

struct DueLease {
  TenantId tenant;
  DatabaseId database;
  LeaseId lease;
};

// Through the upkeep's door, which sees when something is due in any tenant and nothing more.
class DueStore {
 public:
  static postgres::Pending<std::vector<Due>> List(postgres::Transaction& tx, absl::Time now,
                                                  absl::Time requests_before, int limit);
  // Running, and on nobody's lease.
  static postgres::Pending<std::vector<DueRewrap>> ListRewraps(postgres::Transaction& tx,
                                                               absl::Time now, int limit);

  // Leases to be looked at, those of one database together.
  static postgres::Pending<std::vector<DueLease>> ListLeases(postgres::Transaction& tx,
                                                             absl::Time now, int limit);
  // Takes those that are still due until `until`: which, since other replicas do the same.
  static postgres::Pending<std::vector<LeaseId>> ClaimLeases(postgres::Transaction& tx,
                                                             TenantId tenant,
                                                             const std::vector<LeaseId>& ids,
                                                             absl::Time now, absl::Time until);
  // Puts one off, saying what for.
  static void PutOffLease(postgres::Transaction& tx, TenantId tenant, LeaseId id, absl::Time until,
                          std::string_view waiting_for);
};

}  // namespace kasbah::vault
