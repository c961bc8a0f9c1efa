#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/postgres/database.h"

namespace kasbah::outbox {

struct ClaimedRow {
  uint64_t id = 0;
  TenantId tenant;
  std::string payload;
};

// The batch that waits to be acknowledged.
struct Claim {
  // False: another replica's relay is at work.
  bool held = false;
  Uuid epoch;
  uint64_t batch = 0;
  std::vector<ClaimedRow> entries;
  absl::Time oldest = absl::InfiniteFuture();
};

// The SQL of one topic's relay, through the relay's door. Every statement is fenced by the holder
// in the relay row, so a relay that lost its lease changes nothing.
class RelayStore {
 public:
  RelayStore(postgres::Door& door, std::string_view schema, std::string_view topic, Uuid holder);

  // Whether AcknowledgeAndClaim has anything to do: rows wait or the lease is half over, and no
  // other relay is at work. Writes nothing.
  absl::StatusOr<bool> HasWork(absl::Duration lease, absl::Time deadline);

  // Removes batch `acknowledged` (0: none), takes or renews the lease, and claims: the batch that
  // was claimed before and not acknowledged, or else the oldest waiting rows as the next one. All
  // in one transaction and one round trip.
  absl::StatusOr<Claim> AcknowledgeAndClaim(uint64_t acknowledged, int rows, int bytes,
                                            absl::Duration lease, absl::Time deadline);

  // Removes batch `acknowledged` (0: none) and lets another replica go on at once.
  absl::Status Release(uint64_t acknowledged, absl::Time deadline);

 private:
  postgres::Door& door_;
  std::string topic_;
  Uuid holder_;
  std::vector<std::string> texts_;
  postgres::Statement peek_;
  postgres::Statement lease_;
  postgres::Statement acknowledge_;
  postgres::Statement claim_;
  postgres::Statement read_;
  postgres::Statement release_;
};

}  // namespace kasbah::outbox
