#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/merkle/tree.h"

namespace kasbah::merkle {

// The parts of an event that are about a person. They stand beside the event, and the log commits
// to each by a hash over a salt of its own: when value and salt are destroyed, the log still
// verifies and nobody can tell, or try out, what the value was.
inline constexpr std::array<std::string_view, 3> kPersonalFields = {"source_address", "user_agent",
                                                                    "actor.display"};
inline constexpr size_t kSaltSize = 32;

// SHA-256(u8 length of name ‖ name ‖ salt ‖ value); the salt has 32 bytes.
Hash CommitPersonal(std::string_view name, std::string_view salt, std::string_view value);

// What the tree is built of: one event's leaf, version 1. It holds no personal value.
//
//   u8      version, 1
//   16      tenant (UUID)
//   16      event (UUID)
//   i64     occurred_at, i64 recorded_at: microseconds since 1970-01-01T00:00:00Z, big endian
//   u8 32   SHA-256 of the event's body
//   for each of kPersonalFields: u8 0, or u8 32 and its commitment
struct Leaf {
  TenantId tenant;
  EventId event_id;
  absl::Time occurred_at;
  absl::Time recorded_at;
  Hash body{};
  std::array<std::optional<Hash>, kPersonalFields.size()> personal;

  std::string Serialize() const;
  // INVALID_ARGUMENT for anything that Serialize does not write.
  static absl::StatusOr<Leaf> Parse(std::string_view bytes);
};

// RFC 3339 in UTC with six digits of a second: how times of the log are written.
std::string FormatLogTime(absl::Time time);

}  // namespace kasbah::merkle
