#include "services/vault/domain/rewrap.h"

#include "libs/base/error.h"

namespace kasbah::vault {

std::string_view ToText(RewrapState state) {
  switch (state) {
    case RewrapState::kRunning:
      return "running";
    case RewrapState::kPaused:
      return "paused";
    case RewrapState::kCancelled:
      return "cancelled";
    case RewrapState::kDone:
      return "done";
  }
  Crash("a rewrap's state without a name", __FILE__, __LINE__);
}

absl::StatusOr<RewrapState> ParseRewrapState(std::string_view text) {
  for (const RewrapState state :
       {RewrapState::kRunning, RewrapState::kPaused, RewrapState::kCancelled, RewrapState::kDone}) {
    if (ToText(state) == text) return state;
  }
  return absl::InvalidArgumentError("not a rewrap's state");
}

absl::Status CheckTransition(RewrapState from, RewrapState to) {
  // Asking twice is not an error.
  if (from == to || from == RewrapState::kRunning || from == RewrapState::kPaused) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kFailedPrecondition, "REWRAP_FINISHED",
               "the rewrap is over; start another");
}

}  // namespace kasbah::vault
