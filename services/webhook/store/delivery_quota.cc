#include "services/webhook/store/delivery_quota.h"

#include <algorithm>
#include <array>

#include "libs/usage/quota_statements.h"

namespace kasbah::webhook {
namespace {

using postgres::Row;
using postgres::Statement;

constexpr Statement kRequireRoom{"deliveries.require_room",
                                 KASBAH_REQUIRE_MONTHS_ROOM("webhook", "deliveries")};

constexpr Statement kCount{"deliveries.count",
                           "SELECT count(*) FROM webhook.deliveries "
                           "WHERE tenant_id = $1 AND message_id >= $2 AND message_id < $3"};

// The lowest id of a millisecond: ids of messages are the time that they came (UUIDv7), so their
// key counts them by it.
Uuid FirstIdOf(absl::Time time) {
  const auto milliseconds = static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMillis(time)));
  std::array<uint8_t, 16> bytes{};
  for (size_t i = 0; i < 6; ++i) {
    bytes[i] = static_cast<uint8_t>(milliseconds >> (40 - 8 * i));
  }
  return Uuid(bytes);
}

}  // namespace

void DeliveryQuota::RequireRoom(postgres::Transaction& tx, TenantId tenant) {
  tx.Run(kRequireRoom, tenant);
}

postgres::Pending<int64_t> DeliveryQuota::Count(postgres::Transaction& tx, TenantId tenant,
                                                absl::Time from, absl::Time until) {
  return tx.RunForOne(
      kCount, "count", [](const Row& row) { return row.Get<int64_t>(0); }, tenant, FirstIdOf(from),
      FirstIdOf(until));
}

}  // namespace kasbah::webhook
