#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/merkle/export_format.h"

namespace kasbah::merkle {

// The personal values of a bundle's events, JSON Lines beside the events themselves: what is
// redacted is left out when the file is written again, and nothing that was hashed or signed
// changes. A line has what a redaction looks for.
struct PersonalEntry {
  uint64_t sequence = 0;
  // FormatLogTime.
  std::string recorded_at;
  std::string actor_id;
  // In the order of kPersonalFields.
  std::array<std::optional<DisclosedValue>, kPersonalFields.size()> personal;

  bool empty() const;
};

// {"seq":5,"recorded_at":"…","actor_id":"…","personal":{"user_agent":{"salt":"…","value":"…"}}}
// with its newline.
std::string PersonalLine(const PersonalEntry& entry);

// A line without its newline. INVALID_ARGUMENT for what PersonalLine does not write.
absl::StatusOr<PersonalEntry> ParsePersonalLine(std::string_view line);

}  // namespace kasbah::merkle
