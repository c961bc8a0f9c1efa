#pragma once

#include <cstdint>
#include <functional>

#include "absl/time/time.h"
#include "kasbah/usage/v1/meters.pb.h"
#include "libs/postgres/transaction.h"

namespace kasbah::usage {

// What a service counts of its tenants' use, within a tenant's transaction.
struct Meter {
  enum class Limit {
    // Never.
    kNone,
    // Of what is held, by rows of quota_slots that each write takes from.
    kSlots,
    // By whoever reads `most` of the quota, and `used` where it is by the month.
    kRow,
  };
  using Count = std::function<postgres::Pending<int64_t>(postgres::Transaction&, TenantId,
                                                         absl::Time from, absl::Time until)>;

  v1::Meter id = v1::METER_UNSPECIFIED;
  // What is there now, whatever the times; or what came from `from` until `until`.
  bool is_held = false;
  Limit limit = Limit::kNone;
  Count count;
};

// What there is by a statement that takes the tenant alone.
inline Meter::Count HeldBy(const postgres::Statement& statement) {
  return [&statement](postgres::Transaction& tx, TenantId tenant, absl::Time, absl::Time) {
    return tx.RunForOne(
        statement, "count", [](const postgres::Row& row) { return row.Get<int64_t>(0); }, tenant);
  };
}

}  // namespace kasbah::usage
