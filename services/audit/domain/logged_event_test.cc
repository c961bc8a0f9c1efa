#include "services/audit/domain/logged_event.h"

#include <gtest/gtest.h>

#include <functional>

#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/testing/status_matchers.h"
#include "services/audit/domain/event_body.h"

namespace kasbah::audit {
namespace {

using outbox::v1::AuditEvent;

const TenantId kTenant(Uuid({1, 2, 3}));
const std::string kSalts(kSaltBytes, 's');

AuditEvent Good() {
  AuditEvent event;
  event.set_event_id(EventId::New(absl::FromUnixSeconds(1'790'000'000)).ToString());
  event.mutable_occurred_at()->set_seconds(1'790'000'000);
  event.set_service("claims to be auth");
  event.set_action("secret.create");
  event.mutable_actor()->set_kind("user");
  event.mutable_actor()->set_id("usr_x");
  event.set_outcome(outbox::v1::OUTCOME_SUCCESS);
  event.set_source_address("192.0.2.1");
  return event;
}

absl::StatusOr<LoggedEvent> Prepare(const AuditEvent& event) {
  return PrepareEvent(kTenant, "vault", event.SerializeAsString(), kSalts);
}

TEST(LoggedEventTest, TheProducerIsTheSender) {
  ASSERT_OK_AND_ASSIGN(const LoggedEvent logged, Prepare(Good()));
  ASSERT_OK_AND_ASSIGN(const AuditEvent body, ParseBody(logged.body));
  EXPECT_EQ(body.service(), "vault");
}

TEST(LoggedEventTest, LeafCommitsToBodyAndPersonalValues) {
  ASSERT_OK_AND_ASSIGN(const LoggedEvent logged, Prepare(Good()));
  EXPECT_EQ(logged.leaf.body, merkle::Sha256Of(logged.body));
  EXPECT_EQ(logged.leaf.tenant, kTenant);
  ASSERT_TRUE(logged.personal[0].has_value());
  EXPECT_EQ(logged.leaf.personal[0],
            merkle::CommitPersonal("source_address", logged.personal[0]->salt, "192.0.2.1"));
  EXPECT_FALSE(logged.leaf.personal[1].has_value());
}

TEST(LoggedEventTest, AttributesNamedLikeSecretsAreDropped) {
  AuditEvent event = Good();
  for (const char* name : {"client_secret", "PASSWORD", "db_password", "token", "access_token",
                           "key_vault_ref", "secret_id", "version"}) {
    (*event.mutable_attributes())[name] = "value";
  }
  ASSERT_OK_AND_ASSIGN(const LoggedEvent logged, Prepare(event));
  ASSERT_OK_AND_ASSIGN(const AuditEvent body, ParseBody(logged.body));
  EXPECT_EQ(body.attributes_size(), 3);
  EXPECT_EQ(body.attributes().at("stripped"),
            "/PASSWORD /access_token /client_secret /db_password /key_vault_ref /token");
  EXPECT_TRUE(body.attributes().contains("secret_id"));
  EXPECT_TRUE(body.attributes().contains("version"));
}

// Whatever PostgreSQL or a reader could choke on is kept aside before it reaches a transaction.
TEST(LoggedEventTest, EntriesThatCannotBeLoggedAreRefused) {
  const std::vector<std::pair<const char*, std::function<void(AuditEvent&)>>> breaks = {
      {"id", [](AuditEvent& e) { e.set_event_id("sec_01h455vb4pex5vsknk084sn02q"); }},
      {"no action", [](AuditEvent& e) { e.clear_action(); }},
      {"no actor", [](AuditEvent& e) { e.clear_actor(); }},
      {"no outcome", [](AuditEvent& e) { e.clear_outcome(); }},
      {"an outcome that is none",
       [](AuditEvent& e) { e.set_outcome(static_cast<outbox::v1::Outcome>(77)); }},
      {"no time", [](AuditEvent& e) { e.clear_occurred_at(); }},
      {"a time out of range",
       [](AuditEvent& e) { e.mutable_occurred_at()->set_seconds(1'000'000'000'000); }},
      {"nanos", [](AuditEvent& e) { e.mutable_occurred_at()->set_nanos(-1); }},
      {"a long target",
       [](AuditEvent& e) { e.mutable_target()->set_id(std::string(kLongestKey + 1, 'x')); }},
      {"a zero byte", [](AuditEvent& e) { e.mutable_actor()->set_id(std::string("a\0b", 3)); }},
      {"a zero byte in a personal value",
       [](AuditEvent& e) { e.set_user_agent(std::string("a\0b", 3)); }},
  };
  for (const auto& [what, break_it] : breaks) {
    AuditEvent event = Good();
    break_it(event);
    EXPECT_FALSE(Prepare(event).ok()) << what;
  }
  EXPECT_FALSE(PrepareEvent(kTenant, "vault", "\xff\xff no protobuf", kSalts).ok());
  EXPECT_OK(Prepare(Good()));
}

}  // namespace
}  // namespace kasbah::audit
