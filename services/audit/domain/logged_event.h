#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/merkle/export_format.h"
#include "libs/merkle/leaf.h"

namespace kasbah::audit {

// An event made ready for its tenant's log: all but its place and the time of its recording.
struct LoggedEvent {
  // The outbox row it came in.
  uint64_t entry_id = 0;
  TenantId tenant;
  // recorded_at is not set yet.
  merkle::Leaf leaf;
  std::string body;
  std::string action;
  std::string actor_id;
  std::string target_id;
  // Outcome's number.
  int outcome = 0;
  // RequestKeyOf; unset where the event names no request.
  std::optional<int64_t> request_key;
  // In the order of merkle::kPersonalFields; unset where the event had none.
  std::array<std::optional<merkle::DisclosedValue>, merkle::kPersonalFields.size()> personal;
};

// Random bytes that PrepareEvent takes for its salts.
inline constexpr size_t kSaltBytes = merkle::kPersonalFields.size() * merkle::kSaltSize;

// Longest action, actor and target id: what an index takes, and the longest a request may carry.
inline constexpr size_t kLongestKey = 1024;

// Reads an outbox entry that `service` ("vault") sent. The producer's name is the sender's,
// whatever the entry claims. Attributes whose names say that they hold a secret (libs/payload) are
// dropped, and named in the attribute "stripped".
// INVALID_ARGUMENT, in words that hold nothing of the entry, for one that cannot be logged.
absl::StatusOr<LoggedEvent> PrepareEvent(TenantId tenant, std::string_view service,
                                         std::string_view payload, std::string_view salts);

}  // namespace kasbah::audit
