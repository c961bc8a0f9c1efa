#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "services/vault/domain/key.h"

namespace kasbah::vault {

enum class RewrapState { kRunning, kPaused, kCancelled, kDone };
// "running", "paused", "cancelled", "done": as stored.
std::string_view ToText(RewrapState state);
absl::StatusOr<RewrapState> ParseRewrapState(std::string_view text);

// Sealing again, under a key's newest version, all that older ones sealed.
struct Rewrap {
  RewrapId id;
  KeyId key;
  KeyName name;
  uint32_t target_version = 0;
  RewrapState state = RewrapState::kRunning;
  std::string cursor;
  uint64_t total = 0;
  uint64_t seen = 0;
  uint64_t rewrapped = 0;
  uint64_t failed = 0;
  std::string waiting_for;
  absl::Time created_at;
  absl::Time updated_at;
  std::optional<absl::Time> finished_at;
};

// Whether a caller may turn `from` into `to`: FAILED_PRECONDITION, REWRAP_FINISHED.
absl::Status CheckTransition(RewrapState from, RewrapState to);

}  // namespace kasbah::vault
