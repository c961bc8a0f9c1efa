#include "services/audit/domain/event_body.h"

#include <gtest/gtest.h>

#include "google/protobuf/util/message_differencer.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::audit {
namespace {

outbox::v1::AuditEvent Full() {
  outbox::v1::AuditEvent event;
  event.set_event_id("evt_01h455vb4pex5vsknk084sn02q");
  event.mutable_occurred_at()->set_seconds(1'790'000'000);
  event.mutable_occurred_at()->set_nanos(1'002'003);
  event.set_service("vault");
  event.set_action("secret.create");
  event.mutable_actor()->set_kind("user");
  event.mutable_actor()->set_id("usr_x");
  event.mutable_actor()->set_display("Ada Lovelace");
  event.mutable_target()->set_kind("secret");
  event.mutable_target()->set_id("sec_x");
  event.mutable_target()->set_name("prod/\"db\"\n");
  event.set_outcome(outbox::v1::OUTCOME_DENIED);
  event.set_reason("PERMISSION_DENIED");
  event.set_request_id("req");
  event.set_traceparent("00-…");
  event.set_workload("service/gateway");
  event.set_source_address("192.0.2.1");
  event.set_user_agent("curl");
  (*event.mutable_attributes())["version"] = "3";
  (*event.mutable_attributes())["empty"] = "";
  event.set_count(12);
  return event;
}

// Written out once: docs/audit-format.md shows this form, and every log holds it.
TEST(EventBodyTest, BytesStayWhatTheyAre) {
  EXPECT_EQ(CanonicalBody(Full()),
            R"({"event_id":"evt_01h455vb4pex5vsknk084sn02q",)"
            R"("occurred_at":"2026-09-21T14:13:20.001002003Z",)"
            R"("service":"vault","action":"secret.create","actor":{"kind":"user","id":"usr_x"},)"
            R"("target":{"kind":"secret","id":"sec_x","name":"prod/\"db\"\n"},)"
            R"("outcome":"OUTCOME_DENIED","reason":"PERMISSION_DENIED","request_id":"req",)"
            R"("traceparent":"00-…","workload":"service/gateway",)"
            R"("attributes":{"empty":"","version":"3"},"count":12})");
}

TEST(EventBodyTest, HoldsNoPersonalValue) {
  const std::string body = CanonicalBody(Full());
  for (const char* value : {"Ada", "192.0.2.1", "curl"}) {
    EXPECT_EQ(body.find(value), std::string::npos) << value;
  }
}

TEST(EventBodyTest, ReadsBackAllButThePersonalValues) {
  ASSERT_OK_AND_ASSIGN(const outbox::v1::AuditEvent parsed, ParseBody(CanonicalBody(Full())));
  outbox::v1::AuditEvent expected = Full();
  expected.clear_source_address();
  expected.clear_user_agent();
  expected.mutable_actor()->clear_display();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(parsed, expected))
      << parsed.DebugString();
}

TEST(EventBodyTest, AnotherVersionsMembersAreReadPast) {
  EXPECT_OK(ParseBody(R"({"event_id":"evt_x","added_later":{"a":[1]}})"));
  EXPECT_FALSE(ParseBody("{").ok());
}

}  // namespace
}  // namespace kasbah::audit
