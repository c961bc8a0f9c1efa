#include "libs/merkle/leaf.h"
#include "services/audit/formats/json.h"
#include <nlohmann/json.hpp>

namespace kasbah::audit {
namespace {

using Json = nlohmann::ordered_json;

void Add(Json& object, const char* name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

}  // namespace

std::string PlainJson(const SentEvent& event) {
  const outbox::v1::AuditEvent& what = event.what();
  Json json;
  json["tenant_id"] = event.tenant.ToString();
  json["seq"] = event.event.sequence();
  json["recorded_at"] = merkle::FormatLogTime(event.recorded_at());
  json["occurred_at"] = merkle::FormatLogTime(event.occurred_at());
  json["event_id"] = what.event_id();
  Add(json, "service", what.service());
  json["action"] = what.action();
  json["outcome"] = event.outcome();
  Add(json, "reason", what.reason());
  Json actor = Json::object();
  Add(actor, "kind", what.actor().kind());
  Add(actor, "id", what.actor().id());
  Add(actor, "display", what.actor().display());
  json["actor"] = std::move(actor);
  if (what.has_target()) {
    Json target = Json::object();
    Add(target, "kind", what.target().kind());
    Add(target, "id", what.target().id());
    Add(target, "name", what.target().name());
    json["target"] = std::move(target);
  }
  Add(json, "source_address", what.source_address());
  Add(json, "user_agent", what.user_agent());
  Add(json, "workload", what.workload());
  Add(json, "request_id", what.request_id());
  Add(json, "traceparent", what.traceparent());
  if (!what.attributes().empty()) {
    // Of a sorted map, so that an event reads the same each time.
    nlohmann::json attributes;
    for (const auto& [name, value] : what.attributes()) attributes[name] = value;
    json["attributes"] = attributes;
  }
  if (what.count() > 0) json["count"] = what.count();
  json["leaf_hash"] = event.leaf_text();
  json["log_size"] = event.log_size;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace kasbah::audit
