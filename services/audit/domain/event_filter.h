#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kasbah/audit/v1/audit.pb.h"

namespace kasbah::audit {

// Which events of a log; what is not set does not narrow.
struct EventFilter {
  // By the time of recording: from `start` on, before `end`.
  std::optional<absl::Time> start;
  std::optional<absl::Time> end;
  // One of them.
  std::vector<std::string> actor_ids;
  // One of them: exact, or everything that starts with it when it ends in ".".
  std::vector<std::string> actions;
  std::optional<std::string> target_id;
  // Outcome's number.
  std::optional<int> outcome;
  std::optional<std::string> source_address;
  std::optional<std::string> request_id;

  // INVALID_ARGUMENT, naming the fields, for times that are none, a start not before its end and
  // texts that no event can have.
  static absl::StatusOr<EventFilter> FromProto(const v1::EventFilter& proto);

  // The two kinds of `actions`, each without repetition.
  std::vector<std::string> ExactActions() const;
  std::vector<std::string> ActionPrefixes() const;

  // As an export states it: a JSON object in its one spelling, "{}" for the whole log.
  std::string ToJson() const;
  // The names of what narrows, "actor,outcome": for the trail, which is not told the values.
  std::string Names() const;
};

// The least text greater than every text with a prefix that ends in ".".
std::string PrefixEnd(std::string prefix);

}  // namespace kasbah::audit
