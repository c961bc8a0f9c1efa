#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/postgres/transaction.h"

namespace kasbah::audit {

// A legal hold: events that match all that is set stay in the log.
struct Hold {
  HoldId id;
  std::optional<std::string> actor_id;
  std::optional<std::string> target_id;
  absl::Time start = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();
  std::string reason;
  absl::Time created_at;
  std::optional<absl::Time> released_at;
};

// audit.hold of one tenant, in its scope. Stateless.
namespace hold_store {

void Insert(postgres::Transaction& tx, TenantId tenant, const Hold& hold);
// Whether it held until now.
postgres::Pending<bool> Release(postgres::Transaction& tx, TenantId tenant, HoldId id,
                                absl::Time now);
// NOT_FOUND.
postgres::Pending<Hold> Get(postgres::Transaction& tx, TenantId tenant, HoldId id);
// Newest first.
postgres::Pending<std::vector<Hold>> List(postgres::Transaction& tx, TenantId tenant, int limit);

// The first of these events that a hold matches.
postgres::Pending<std::optional<uint64_t>> FindHeld(postgres::Transaction& tx, TenantId tenant,
                                                    const std::vector<uint64_t>& sequences);

}  // namespace hold_store
}  // namespace kasbah::audit
