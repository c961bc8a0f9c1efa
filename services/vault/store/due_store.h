#pragma once

#include <vector>

#include "libs/postgres/transaction.h"

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

// Through the upkeep's door, which sees when something is due in any tenant and nothing more.
class DueStore {
 public:
  static postgres::Pending<std::vector<Due>> List(postgres::Transaction& tx, absl::Time now,
                                                  absl::Time requests_before, int limit);
  // Running, and on nobody's lease.
  static postgres::Pending<std::vector<DueRewrap>> ListRewraps(postgres::Transaction& tx,
                                                               absl::Time now, int limit);
};

}  // namespace kasbah::vault
