#include "services/audit/domain/event_filter.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/merkle/json_text.h"
#include "libs/merkle/leaf.h"

namespace kasbah::audit {
namespace {

std::optional<absl::Time> TimeOf(const google::protobuf::Timestamp& stamp) {
  const absl::StatusOr<absl::Time> time = FromTimestamp(stamp, "time");
  return time.ok() ? std::optional(*time) : std::nullopt;
}

std::optional<std::string> TextOf(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

bool HasZero(const std::string& text) { return text.find('\0') != std::string::npos; }

}  // namespace

absl::StatusOr<EventFilter> EventFilter::FromProto(const v1::EventFilter& proto) {
  std::vector<Violation> violations;
  EventFilter filter;
  if (proto.has_start_time()) {
    filter.start = TimeOf(proto.start_time());
    if (!filter.start) violations.push_back({"filter.start_time", "is no time", "TIME"});
  }
  if (proto.has_end_time()) {
    filter.end = TimeOf(proto.end_time());
    if (!filter.end) violations.push_back({"filter.end_time", "is no time", "TIME"});
  }
  if (filter.start && filter.end && *filter.start >= *filter.end) {
    violations.push_back({"filter.end_time", "must be after start_time", "ORDER"});
  }
  if (!outbox::v1::Outcome_IsValid(proto.outcome())) {
    violations.push_back({"filter.outcome", "is no outcome", "ENUM"});
  }
  filter.actor_id = TextOf(proto.actor_id());
  filter.action = TextOf(proto.action());
  filter.target_id = TextOf(proto.target_id());
  if (HasZero(proto.actor_id()) || HasZero(proto.action()) || HasZero(proto.target_id())) {
    violations.push_back({"filter", "must not hold a zero byte", "TEXT"});
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  if (proto.outcome() != outbox::v1::OUTCOME_UNSPECIFIED) filter.outcome = proto.outcome();
  return filter;
}

std::string EventFilter::ActionPrefixEnd() const {
  // "." is followed by "/" in byte order.
  std::string past = *action;
  past.back() = '.' + 1;
  return past;
}

std::string EventFilter::ToJson() const {
  std::string json = "{";
  const auto add = [&json](std::string_view name, std::string_view value) {
    if (json.size() > 1) json.push_back(',');
    merkle::AppendJsonString(name, &json);
    json.push_back(':');
    merkle::AppendJsonString(value, &json);
  };
  if (start) add("start_time", merkle::FormatLogTime(*start));
  if (end) add("end_time", merkle::FormatLogTime(*end));
  if (actor_id) add("actor_id", *actor_id);
  if (action) add("action", *action);
  if (target_id) add("target_id", *target_id);
  if (outcome) add("outcome", outbox::v1::Outcome_Name(static_cast<outbox::v1::Outcome>(*outcome)));
  json.push_back('}');
  return json;
}

std::string EventFilter::Names() const {
  std::string names;
  const auto add = [&names](std::string_view name, bool is_set) {
    if (is_set) StrAppend(&names, names.empty() ? "" : ",", name);
  };
  add("time", start.has_value() || end.has_value());
  add("actor", actor_id.has_value());
  add("action", action.has_value());
  add("target", target_id.has_value());
  add("outcome", outcome.has_value());
  return names;
}

}  // namespace kasbah::audit
