#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kasbah/audit/v1/audit.pb.h"

namespace kasbah::audit {

// Which events of a log; what is not set does not narrow.
struct EventFilter {
  // By the time of recording: from `start` on, before `end`.
  std::optional<absl::Time> start;
  std::optional<absl::Time> end;
  std::optional<std::string> actor_id;
  // Exact, or everything that starts with it when it ends in ".".
  std::optional<std::string> action;
  std::optional<std::string> target_id;
  // Outcome's number.
  std::optional<int> outcome;

  // INVALID_ARGUMENT, naming the fields, for times that are none and a start not before its end.
  static absl::StatusOr<EventFilter> FromProto(const v1::EventFilter& proto);

  bool has_action_prefix() const { return action && action->ends_with('.'); }
  // The least text greater than every text with the prefix.
  std::string ActionPrefixEnd() const;

  // As an export states it: a JSON object in its one spelling, "{}" for the whole log.
  std::string ToJson() const;
  // The names of what narrows, "actor,outcome": for the trail, which is not told the values.
  std::string Names() const;
};

}  // namespace kasbah::audit
