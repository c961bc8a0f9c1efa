#include "libs/reporting/sentry_event.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "libs/base/strings.h"
#include <nlohmann/json.hpp>

namespace kasbah::reporting {
namespace {

using Json = nlohmann::ordered_json;

// Names of ours and of our schema, and numbers. `reason` and `code` are UPPER_SNAKE; `trace_id` is
// random and leads to the installation's own log and traces.
constexpr std::array<std::string_view, 10> kTags = {
    "method",     "code",  "reason", "sqlstate", "table",
    "constraint", "topic", "kind",   "signal",   "trace_id",
};
constexpr size_t kLongestTag = 100;

// One word without "@": no sentence, no address of anybody.
bool IsWord(std::string_view text) {
  return !text.empty() && text.size() <= kLongestTag &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' ||
                  c == '/' || c == '-';
         });
}

struct ToText {
  std::string operator()(std::string_view value) const { return std::string(value); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return StrCat(value); }
  std::string operator()(uint64_t value) const { return StrCat(value); }
  std::string operator()(double value) const { return StrCat(value); }
};

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

// Bytes that are no UTF-8 become U+FFFD.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

Json EventOf(const Origin& origin, const ErrorReport& report) {
  Json event;
  event["event_id"] = report.id;
  event["timestamp"] = Rfc3339(report.time);
  event["platform"] = "native";
  event["level"] = report.fatal ? "fatal" : "error";
  event["logger"] = origin.service;
  event["release"] = StrCat(origin.service, "@", origin.version);
  if (!origin.environment.empty()) event["environment"] = origin.environment;
  event["logentry"] = {{"formatted", report.message}};
  // By message, never by what differs between two occurrences.
  event["fingerprint"] = {origin.service, report.message};
  event["tags"] = Json::object();
  for (const auto& [name, value] : report.tags) event["tags"][name] = value;
  if (report.repeats > 0) event["extra"] = {{"repeats", report.repeats}};
  event["sdk"] = {{"name", "kasbah"},
                  {"version", origin.version},
                  {"settings", {{"infer_ip", "never"}}}};
  return event;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> TagsOf(
    std::initializer_list<telemetry::LogField> fields) {
  std::vector<std::pair<std::string, std::string>> tags;
  for (const telemetry::LogField& field : fields) {
    if (std::find(kTags.begin(), kTags.end(), field.key) == kTags.end()) continue;
    std::string value = std::visit(ToText(), field.value);
    if (IsWord(value)) tags.emplace_back(field.key, std::move(value));
  }
  return tags;
}

std::string EncodeEnvelope(const Origin& origin, const ErrorReport& report, absl::Time sent) {
  const std::string event = Dump(EventOf(origin, report));
  const Json envelope = {{"event_id", report.id}, {"sent_at", Rfc3339(sent)}};
  const Json item = {
      {"type", "event"}, {"content_type", "application/json"}, {"length", event.size()}};
  return StrCat(Dump(envelope), "\n", Dump(item), "\n", event, "\n");
}

}  // namespace kasbah::reporting
