#include "services/audit/domain/event_filter.h"

#include <algorithm>
#include <iterator>
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

using Texts = google::protobuf::RepeatedPtrField<std::string>;

std::vector<std::string> SortedOnce(const Texts& texts) {
  std::vector<std::string> sorted(texts.begin(), texts.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

bool HasZero(const std::string& text) { return text.find('\0') != std::string::npos; }

void CheckTexts(const v1::EventFilter& proto, std::vector<Violation>* violations) {
  const auto check_all = [violations](const Texts& texts, std::string_view name) {
    for (int i = 0; i < texts.size(); ++i) {
      const std::string field = StrCat("filter.", name, "[", i, "]");
      if (texts[i].empty()) violations->push_back({field, "must not be empty", "REQUIRED"});
      if (HasZero(texts[i])) violations->push_back({field, "must not hold a zero byte", "TEXT"});
    }
  };
  check_all(proto.actor_ids(), "actor_ids");
  check_all(proto.actions(), "actions");
  for (const auto& [name, text] : {std::pair("target_id", &proto.target_id()),
                                   std::pair("source_address", &proto.source_address()),
                                   std::pair("request_id", &proto.request_id())}) {
    if (!HasZero(*text)) continue;
    violations->push_back({StrCat("filter.", name), "must not hold a zero byte", "TEXT"});
  }
}

bool IsPrefix(const std::string& action) { return action.ends_with('.'); }

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
  CheckTexts(proto, &violations);
  if (!violations.empty()) return InvalidFields(std::move(violations));
  if (proto.outcome() != outbox::v1::OUTCOME_UNSPECIFIED) filter.outcome = proto.outcome();
  filter.actor_ids = SortedOnce(proto.actor_ids());
  filter.actions = SortedOnce(proto.actions());
  filter.target_id = TextOf(proto.target_id());
  filter.source_address = TextOf(proto.source_address());
  filter.request_id = TextOf(proto.request_id());
  return filter;
}

std::vector<std::string> EventFilter::ExactActions() const {
  std::vector<std::string> exact;
  std::remove_copy_if(actions.begin(), actions.end(), std::back_inserter(exact), IsPrefix);
  return exact;
}

std::vector<std::string> EventFilter::ActionPrefixes() const {
  std::vector<std::string> prefixes;
  std::copy_if(actions.begin(), actions.end(), std::back_inserter(prefixes), IsPrefix);
  return prefixes;
}

std::string EventFilter::ToJson() const {
  std::string json = "{";
  const auto name_it = [&json](std::string_view name) {
    if (json.size() > 1) json.push_back(',');
    merkle::AppendJsonString(name, &json);
    json.push_back(':');
  };
  const auto add = [&](std::string_view name, std::string_view value) {
    name_it(name);
    merkle::AppendJsonString(value, &json);
  };
  const auto add_all = [&](std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    name_it(name);
    for (size_t i = 0; i < values.size(); ++i) {
      json.push_back(i == 0 ? '[' : ',');
      merkle::AppendJsonString(values[i], &json);
    }
    json.push_back(']');
  };
  if (start) add("start_time", merkle::FormatLogTime(*start));
  if (end) add("end_time", merkle::FormatLogTime(*end));
  add_all("actor_ids", actor_ids);
  add_all("actions", actions);
  if (target_id) add("target_id", *target_id);
  if (outcome) add("outcome", outbox::v1::Outcome_Name(static_cast<outbox::v1::Outcome>(*outcome)));
  if (source_address) add("source_address", *source_address);
  if (request_id) add("request_id", *request_id);
  json.push_back('}');
  return json;
}

std::string EventFilter::Names() const {
  std::string names;
  const auto add = [&names](std::string_view name, bool is_set) {
    if (is_set) StrAppend(&names, names.empty() ? "" : ",", name);
  };
  add("time", start.has_value() || end.has_value());
  add("actor", !actor_ids.empty());
  add("action", !actions.empty());
  add("target", target_id.has_value());
  add("outcome", outcome.has_value());
  add("source", source_address.has_value());
  add("request", request_id.has_value());
  return names;
}

std::string PrefixEnd(std::string prefix) {
  // "." is followed by "/" in byte order.
  prefix.back() = '.' + 1;
  return prefix;
}

}  // namespace kasbah::audit
