#include <string_view>

#include "libs/base/strings.h"
#include "libs/http/address_guard.h"
#include "services/audit/formats/json.h"
#include <nlohmann/json.hpp>

namespace kasbah::audit {
namespace {

using Json = nlohmann::ordered_json;

struct Activity {
  int id;
  const char* name;
};
constexpr int kOther = 99;

bool IsSignIn(std::string_view action) {
  constexpr std::string_view kFirst[] = {"session.", "sign_in.", "credential."};
  for (const std::string_view first : kFirst) {
    if (action.starts_with(first)) return true;
  }
  return action == "workload.assert" || action == "workload.exchange";
}

std::string_view LastWord(std::string_view action) {
  return action.substr(action.rfind('.') == std::string_view::npos ? 0 : action.rfind('.') + 1);
}

Activity SignInActivity(std::string_view action) {
  constexpr std::string_view kEnds[] = {"end", "revoke", "delete", "sign_out", "expire"};
  for (const std::string_view end : kEnds) {
    if (LastWord(action) == end) return {2, "Logoff"};
  }
  return {1, "Logon"};
}

Activity ApiActivity(std::string_view action) {
  struct Verb {
    std::string_view word;
    Activity activity;
  };
  constexpr Activity kCreate = {1, "Create"}, kRead = {2, "Read"}, kUpdate = {3, "Update"},
                     kDelete = {4, "Delete"};
  constexpr Verb kVerbs[] = {
      {"create", kCreate},  {"add", kCreate},    {"import", kCreate},  {"issue", kCreate},
      {"get", kRead},       {"list", kRead},     {"access", kRead},    {"export", kRead},
      {"read", kRead},      {"download", kRead}, {"search", kRead},    {"update", kUpdate},
      {"rotate", kUpdate},  {"enable", kUpdate}, {"disable", kUpdate}, {"restore", kUpdate},
      {"suspend", kUpdate}, {"resume", kUpdate}, {"pause", kUpdate},   {"delete", kDelete},
      {"destroy", kDelete}, {"purge", kDelete},  {"erase", kDelete},   {"revoke", kDelete},
      {"remove", kDelete},  {"close", kDelete},  {"shred", kDelete}};
  for (const Verb& verb : kVerbs) {
    if (LastWord(action) == verb.word) return verb.activity;
  }
  return {kOther, nullptr};
}

void Add(Json& object, const char* name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

// user.type_id: 1 user, 2 admin, 3 system, 4 service, 99 other.
Json UserOf(const outbox::v1::Actor& actor) {
  Json user;
  Add(user, "uid", actor.id());
  Add(user, "name", actor.display());
  const std::string& kind = actor.kind();
  const int type = kind == "user"                                    ? 1
                   : kind == "operator"                              ? 2
                   : kind == "workload" || kind == "tenant_workload" ? 4
                                                                     : kOther;
  user["type_id"] = type;
  Add(user, "type", kind);
  return user;
}

// Required to name one of its parts: where the call came from, or else what made it.
Json SourceOf(const outbox::v1::AuditEvent& what) {
  Json source;
  if (http::IpAddress::Parse(what.source_address())) source["ip"] = what.source_address();
  source["svc_name"] = what.workload().empty() ? "unknown" : what.workload();
  return source;
}

Json MetadataOf(const SentEvent& event) {
  const outbox::v1::AuditEvent& what = event.what();
  Json metadata;
  metadata["version"] = kOcsfVersion;
  metadata["product"] = {{"name", "Kasbah"}, {"vendor_name", "Kasbah"}};
  metadata["uid"] = what.event_id();
  metadata["event_code"] = what.action();
  metadata["sequence"] = event.event.sequence();
  metadata["tenant_uid"] = event.tenant.ToString();
  metadata["logged_time"] = absl::ToUnixMillis(event.recorded_at());
  metadata["log_name"] = "audit";
  Add(metadata, "log_provider", what.service());
  Add(metadata, "correlation_uid", what.request_id());
  return metadata;
}

Json UnmappedOf(const SentEvent& event) {
  const outbox::v1::AuditEvent& what = event.what();
  Json unmapped;
  unmapped["leaf_hash"] = event.leaf_text();
  unmapped["log_size"] = event.log_size;
  unmapped["outcome"] = event.outcome();
  Add(unmapped, "traceparent", what.traceparent());
  if (!http::IpAddress::Parse(what.source_address())) {
    Add(unmapped, "source_address", what.source_address());
  }
  if (!what.attributes().empty()) {
    nlohmann::json attributes;
    for (const auto& [name, value] : what.attributes()) attributes[name] = value;
    unmapped["attributes"] = attributes;
  }
  return unmapped;
}

void AddApiActivity(const outbox::v1::AuditEvent& what, Json* ocsf) {
  Json api;
  api["operation"] = what.action();
  if (!what.service().empty()) api["service"] = {{"name", what.service()}};
  if (!what.request_id().empty()) api["request"] = {{"uid", what.request_id()}};
  (*ocsf)["api"] = std::move(api);
  if (what.target().id().empty() && what.target().kind().empty()) return;
  Json resource;
  Add(resource, "uid", what.target().id());
  Add(resource, "type", what.target().kind());
  Add(resource, "name", what.target().name());
  (*ocsf)["resources"] = Json::array({std::move(resource)});
}

void AddAuthentication(const outbox::v1::AuditEvent& what, Json* ocsf) {
  (*ocsf)["user"] = UserOf(what.actor());
  (*ocsf)["service"] = {{"name", what.service().empty() ? "auth" : what.service()}};
}

}  // namespace

std::string Ocsf(const SentEvent& event) {
  const outbox::v1::AuditEvent& what = event.what();
  const bool sign_in = IsSignIn(what.action());
  const int category = sign_in ? 3 : 6;
  const int type = sign_in ? 3002 : 6003;
  const Activity activity = sign_in ? SignInActivity(what.action()) : ApiActivity(what.action());
  const bool well = what.outcome() == outbox::v1::OUTCOME_SUCCESS;

  Json ocsf;
  ocsf["category_uid"] = category;
  ocsf["category_name"] = sign_in ? "Identity & Access Management" : "Application Activity";
  ocsf["class_uid"] = type;
  ocsf["class_name"] = sign_in ? "Authentication" : "API Activity";
  ocsf["activity_id"] = activity.id;
  ocsf["activity_name"] = activity.name != nullptr ? activity.name : what.action();
  ocsf["type_uid"] = type * 100 + activity.id;
  ocsf["severity_id"] = 1;
  ocsf["time"] = absl::ToUnixMillis(event.occurred_at());
  ocsf["status_id"] = well ? 1 : 2;
  ocsf["status"] = well ? "Success" : "Failure";
  if (!what.reason().empty()) ocsf["status_detail"] = what.reason();
  if (what.count() > 0) ocsf["count"] = what.count();
  ocsf["metadata"] = MetadataOf(event);
  ocsf["actor"] = {{"user", UserOf(what.actor())}};
  ocsf["src_endpoint"] = SourceOf(what);
  if (!what.user_agent().empty()) ocsf["http_request"] = {{"user_agent", what.user_agent()}};
  if (sign_in) {
    AddAuthentication(what, &ocsf);
  } else {
    AddApiActivity(what, &ocsf);
  }
  ocsf["unmapped"] = UnmappedOf(event);
  return ocsf.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace kasbah::audit
