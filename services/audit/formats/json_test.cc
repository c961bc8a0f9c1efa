#include "services/audit/formats/json.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "services/audit/formats/format_fixture.h"

namespace kasbah::audit {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// By Protobuf's parser: not the one that wrote it.
Struct Parsed(const std::string& json) {
  Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &parsed).ok()) << json;
  return parsed;
}

// "actor.user.uid", "resources.0.uid".
const Value* At(const Struct& json, const std::string& path) {
  const Struct* object = &json;
  const Value* value = nullptr;
  for (size_t at = 0; at <= path.size();) {
    const size_t dot = std::min(path.find('.', at), path.size());
    const std::string name = path.substr(at, dot - at);
    at = dot + 1;
    if (value != nullptr && value->has_list_value()) {
      value = &value->list_value().values(std::stoi(name));
    } else {
      const auto found = object->fields().find(name);
      if (found == object->fields().end()) return nullptr;
      value = &found->second;
    }
    if (value->has_struct_value()) object = &value->struct_value();
  }
  return value;
}
std::string Text(const Struct& json, const std::string& path) {
  const Value* value = At(json, path);
  return value == nullptr ? "(absent)" : value->string_value();
}
double Number(const Struct& json, const std::string& path) {
  const Value* value = At(json, path);
  return value == nullptr ? -1 : value->number_value();
}

TEST(PlainJson, IsThisText) {
  EXPECT_EQ(
      PlainJson(PlainEvent()),
      R"({"tenant_id":"ten_00000000000000000000000002","seq":41,)"
      R"("recorded_at":"2026-09-21T14:13:21.250000Z","occurred_at":"2026-09-21T14:13:20.125000Z",)"
      R"("event_id":"evt_01h455vb4pex5vsknk084sn02q","service":"vault","action":"secret.create",)"
      R"("outcome":"SUCCESS","actor":{"kind":"user","id":"usr_ada","display":"Ada"},)"
      R"("target":{"kind":"secret","id":"sec_x","name":"db/password"},)"
      R"("source_address":"192.0.2.1","user_agent":"curl/8","request_id":"req-1",)"
      R"("attributes":{"version":"2"},)"
      R"("leaf_hash":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=","log_size":42})");
}

TEST(PlainJson, HostileValuesComeBackAsTheyWere) {
  for (const std::string& value : HostileValues()) {
    const std::string json = PlainJson(EventOfValue(value));
    EXPECT_TRUE(IsOneCleanLine(json)) << value.substr(0, 40);
    const Struct parsed = Parsed(json);
    EXPECT_EQ(parsed.fields().count("forged"), 0u);
    if (value.starts_with("bad utf-8")) {
      EXPECT_EQ(Text(parsed, "actor.id").find('\xff'), std::string::npos);
      continue;
    }
    for (const char* path : {"action", "actor.id", "actor.display", "target.id", "user_agent",
                             "source_address", "attributes.note"}) {
      EXPECT_EQ(Text(parsed, path), value) << path;
    }
  }
}

TEST(Ocsf, AnApiActivityIsThisText) {
  EXPECT_EQ(
      Ocsf(PlainEvent()),
      R"({"category_uid":6,"category_name":"Application Activity","class_uid":6003,)"
      R"("class_name":"API Activity","activity_id":1,"activity_name":"Create","type_uid":600301,)"
      R"("severity_id":1,"time":1790000000125,"status_id":1,"status":"Success","metadata":)"
      R"({"version":"1.6.0","product":{"name":"Kasbah","vendor_name":"Kasbah"},)"
      R"("uid":"evt_01h455vb4pex5vsknk084sn02q","event_code":"secret.create","sequence":41,)"
      R"("tenant_uid":"ten_00000000000000000000000002","logged_time":1790000001250,)"
      R"("log_name":"audit","log_provider":"vault","correlation_uid":"req-1"},)"
      R"("actor":{"user":{"uid":"usr_ada","name":"Ada","type_id":1,"type":"user"}},)"
      R"("src_endpoint":{"ip":"192.0.2.1","svc_name":"unknown"},)"
      R"("http_request":{"user_agent":"curl/8"},"api":{"operation":"secret.create",)"
      R"("service":{"name":"vault"},"request":{"uid":"req-1"}},)"
      R"("resources":[{"uid":"sec_x","type":"secret","name":"db/password"}],)"
      R"("unmapped":{"leaf_hash":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=","log_size":42,)"
      R"("outcome":"SUCCESS","attributes":{"version":"2"}}})");
}

// What OCSF 1.6.0 requires of every event, and of the two classes.
void ExpectRequired(const Struct& json) {
  for (const char* path : {"activity_id", "category_uid", "class_uid", "type_uid", "severity_id",
                           "time", "metadata.version", "metadata.product.name", "actor.user.uid"}) {
    EXPECT_NE(At(json, path), nullptr) << path;
  }
  EXPECT_EQ(Number(json, "type_uid"),
            Number(json, "class_uid") * 100 + Number(json, "activity_id"));
  if (Number(json, "class_uid") == 6003) {
    EXPECT_NE(At(json, "api.operation"), nullptr);
    // At least one of its parts.
    EXPECT_NE(At(json, "src_endpoint.svc_name"), nullptr);
  } else {
    EXPECT_EQ(Number(json, "class_uid"), 3002);
    EXPECT_NE(At(json, "user.uid"), nullptr);
    EXPECT_NE(At(json, "service.name"), nullptr);
  }
}

TEST(Ocsf, SignInsAreAuthentications) {
  for (const auto& [action, activity] :
       std::vector<std::pair<std::string, int>>{{"credential.resolve", 1},
                                                {"session.create", 1},
                                                {"session.end", 2},
                                                {"workload.assert", 1},
                                                {"sign_in.password", 1}}) {
    SentEvent event = PlainEvent();
    event.event.mutable_event()->set_action(action);
    const Struct json = Parsed(Ocsf(event));
    ExpectRequired(json);
    EXPECT_EQ(Number(json, "class_uid"), 3002) << action;
    EXPECT_EQ(Number(json, "category_uid"), 3) << action;
    EXPECT_EQ(Number(json, "activity_id"), activity) << action;
  }
}

TEST(Ocsf, ActivitiesFollowTheVerb) {
  for (const auto& [action, activity] :
       std::vector<std::pair<std::string, int>>{{"secret.version.access", 2},
                                                {"record.update", 3},
                                                {"tenant.shred", 4},
                                                {"crypto.encrypt", 99},
                                                {"odd", 99}}) {
    SentEvent event = PlainEvent();
    event.event.mutable_event()->set_action(action);
    const Struct json = Parsed(Ocsf(event));
    EXPECT_EQ(Number(json, "activity_id"), activity) << action;
    if (activity == 99) {
      EXPECT_EQ(Text(json, "activity_name"), action);
    }
  }
}

TEST(Ocsf, ADenialIsAFailureWithItsReason) {
  SentEvent event = PlainEvent();
  event.event.mutable_event()->set_outcome(outbox::v1::OUTCOME_DENIED);
  event.event.mutable_event()->set_reason("PERMISSION_DENIED");
  const Struct json = Parsed(Ocsf(event));
  EXPECT_EQ(Number(json, "status_id"), 2);
  EXPECT_EQ(Text(json, "status_detail"), "PERMISSION_DENIED");
  EXPECT_EQ(Text(json, "unmapped.outcome"), "DENIED");
}

TEST(Ocsf, HostileValuesComeBackAsTheyWere) {
  for (const std::string& value : HostileValues()) {
    const std::string text = Ocsf(EventOfValue(value));
    EXPECT_TRUE(IsOneCleanLine(text)) << value.substr(0, 40);
    const Struct json = Parsed(text);
    ExpectRequired(json);
    // No address, so it may not stand where one is wanted.
    EXPECT_EQ(At(json, "src_endpoint.ip"), nullptr);
    if (value.starts_with("bad utf-8")) continue;
    for (const char* path :
         {"api.operation", "actor.user.uid", "resources.0.uid", "http_request.user_agent",
          "unmapped.attributes.note", "unmapped.source_address"}) {
      EXPECT_EQ(Text(json, path), value) << path;
    }
  }
}

}  // namespace
}  // namespace kasbah::audit
