#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "services/audit/log/log_upkeep.h"
#include "services/audit/rpc/audit_server_fixture.h"
#include "services/audit/store/event_quota.h"

namespace kasbah::audit {
namespace {

using ::testing::HasSubstr;
using testing::ReasonIs;

class AppendTest : public AuditServerTest {
 protected:
  static v1::ApplicationEvent Claim(const std::string& id) {
    // The same whenever it is made: what is sent again must not differ.
    static const int64_t then = absl::ToUnixSeconds(absl::Now()) - 60;
    v1::ApplicationEvent event;
    event.set_client_event_id(id);
    event.mutable_occurred_at()->set_seconds(then);
    event.set_action("app.invoice.paid");
    event.mutable_actor()->set_kind("customer");
    event.mutable_actor()->set_id("c-17");
    event.mutable_actor()->set_display("Ada Lovelace");
    event.mutable_target()->set_kind("invoice");
    event.mutable_target()->set_id("inv-1");
    event.set_source_address("192.0.2.9");
    (*event.mutable_attributes())["amount"] = "12.50";
    return event;
  }
  static v1::AppendEventsRequest Batch(const std::vector<v1::ApplicationEvent>& events) {
    v1::AppendEventsRequest request;
    for (const v1::ApplicationEvent& event : events) *request.add_events() = event;
    return request;
  }
  static v1::AppendEventsRequest Many(int count, const std::string& prefix = "e-") {
    v1::AppendEventsRequest request;
    for (int i = 0; i < count; ++i) *request.add_events() = Claim(StrCat(prefix, i));
    return request;
  }
  absl::StatusOr<v1::AppendEventsResponse> Append(TenantId tenant,
                                                  const v1::AppendEventsRequest& request) {
    return AsProgram(tenant, &v1::AuditService::Stub::AppendEvents, request);
  }
  std::string Fields(const absl::Status& status) {
    std::string fields;
    for (const Violation& violation : DetailsOf(status).violations) {
      StrAppend(&fields, fields.empty() ? "" : " ", violation.field);
    }
    return fields;
  }
};

TEST_F(AppendTest, WhatIsAnsweredIsInTheLogAndProvable) {
  ASSERT_OK_AND_ASSIGN(const auto reply, Append(a_, Batch({Claim("e-1"), Claim("e-2")})));
  ASSERT_EQ(reply.events_size(), 2);
  EXPECT_EQ(reply.events(1).client_event_id(), "e-2");
  EXPECT_EQ(reply.events(1).sequence(), 1u);
  EXPECT_FALSE(reply.events(1).repeated());

  v1::GetEventRequest get;
  get.set_sequence(1);
  ASSERT_OK_AND_ASSIGN(const auto shown, As(a_, &v1::AuditService::Stub::GetEvent, get));
  const outbox::v1::AuditEvent& event = shown.event().event();
  EXPECT_EQ(event.service(), "application");
  EXPECT_EQ(event.action(), "app.invoice.paid");
  EXPECT_EQ(event.actor().id(), "c-17");
  EXPECT_EQ(event.actor().display(), "Ada Lovelace");
  EXPECT_EQ(event.source_address(), "192.0.2.9");
  EXPECT_EQ(event.outcome(), outbox::v1::OUTCOME_SUCCESS);
  EXPECT_EQ(event.workload(), ProgramPath(a_));
  EXPECT_EQ(event.attributes().at("reported_by"), StrCat("tenant_workload ", testing::kWorkload));
  EXPECT_EQ(event.attributes().at("client_event_id"), "e-2");
  EXPECT_EQ(event.attributes().at("amount"), "12.50");
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 2u);
  EXPECT_EQ(Count("event", b_), "0");
}

TEST_F(AppendTest, PersonalValuesAreCommittedToAndStandInNoBody) {
  ASSERT_OK(Append(a_, Batch({Claim("e-1")})));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.event WHERE convert_from(body, 'UTF8') "
                              "~ 'Lovelace|192.0.2.9'"),
            "0");
}

TEST_F(AppendTest, AnEventSentAgainIsAnsweredAgainAndLoggedOnce) {
  v1::ApplicationEvent untimed = Claim("e-3");
  untimed.clear_occurred_at();
  const auto batch = Batch({Claim("e-1"), untimed});
  ASSERT_OK(Append(a_, batch));
  ASSERT_OK_AND_ASSIGN(const auto again, Append(a_, batch));
  EXPECT_TRUE(again.events(0).repeated());
  EXPECT_TRUE(again.events(1).repeated());
  EXPECT_EQ(again.events(1).sequence(), 1u);
  // In another batch, beside a new one.
  ASSERT_OK_AND_ASSIGN(const auto mixed, Append(a_, Batch({Claim("e-2"), untimed})));
  EXPECT_FALSE(mixed.events(0).repeated());
  EXPECT_EQ(mixed.events(0).sequence(), 2u);
  EXPECT_EQ(mixed.events(1).sequence(), 1u);
  EXPECT_EQ(Count("event", a_), "3");
  // Another tenant's ids are its own.
  ASSERT_OK_AND_ASSIGN(const auto other, Append(b_, Batch({Claim("e-1")})));
  EXPECT_FALSE(other.events(0).repeated());
}

TEST_F(AppendTest, AnIdThatStandsForAnotherEventIsRefusedWithItsBatch) {
  ASSERT_OK(Append(a_, Batch({Claim("e-1")})));
  v1::ApplicationEvent changed = Claim("e-1");
  (*changed.mutable_attributes())["amount"] = "99";
  const auto refused = Append(a_, Batch({Claim("e-2"), changed}));
  EXPECT_THAT(refused, ReasonIs("EVENT_ID_REUSED"));
  EXPECT_EQ(Fields(refused.status()), "events[1].client_event_id");
  EXPECT_EQ(Count("event", a_), "1");
}

TEST_F(AppendTest, TheSameEventsFromManyAtOnceAreLoggedOnce) {
  // The channel is made before the threads share it.
  ASSERT_OK(Append(a_, Batch({Claim("e-0")})));
  std::vector<std::thread> senders;
  std::atomic<int> answered{0};
  for (int i = 0; i < 8; ++i) {
    senders.emplace_back([&] {
      for (int n = 0; n < 20; ++n) {
        if (Append(a_, Batch({Claim(StrCat("e-", n)), Claim(StrCat("e-", n + 1))})).ok()) {
          ++answered;
        }
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_GE(answered, 20);
  EXPECT_EQ(Count("event", a_), "21");
  EXPECT_EQ(Count("appended_event", a_), "21");
}

TEST_F(AppendTest, LargeBatchesGoTheSameWay) {
  ASSERT_OK_AND_ASSIGN(const auto reply, Append(a_, Many(1000)));
  EXPECT_EQ(reply.events(999).sequence(), 999u);
  ASSERT_OK_AND_ASSIGN(const auto again, Append(a_, Many(1000)));
  EXPECT_TRUE(again.events(999).repeated());
  EXPECT_EQ(Count("event", a_), "1000");
}

TEST_F(AppendTest, WhatCannotBeIsNamedAndNothingIsLogged) {
  v1::ApplicationEvent imitation = Claim("e-1");
  imitation.set_action("secret.access");
  EXPECT_EQ(Fields(Append(a_, Batch({imitation})).status()), "events[0].action");

  v1::ApplicationEvent nobody = Claim("e-1");
  nobody.mutable_actor()->clear_id();
  v1::ApplicationEvent elsewhere = Claim("e-1");
  elsewhere.set_source_address("somewhere");
  const auto refused = Append(a_, Batch({nobody, elsewhere}));
  EXPECT_EQ(Fields(refused.status()),
            "events[0].actor.id events[1].client_event_id events[1].source_address");

  v1::ApplicationEvent forged = Claim("e-1");
  (*forged.mutable_attributes())["reported_by"] = "operator grace";
  (*forged.mutable_attributes())["Bad Name"] = "x";
  EXPECT_THAT(Fields(Append(a_, Batch({forged})).status()),
              HasSubstr("events[0].attributes.reported_by"));

  v1::ApplicationEvent large = Claim("e-1");
  for (int i = 0; i < 64; ++i) {
    (*large.mutable_attributes())[StrCat("fact", i)] = std::string(1024, 'x');
  }
  large.mutable_attributes()->erase("amount");
  EXPECT_EQ(Fields(Append(a_, Batch({large})).status()), "events[0]");
  EXPECT_THAT(Append(a_, v1::AppendEventsRequest()), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Count("event", a_), "0");
}

TEST_F(AppendTest, AWrongClockIsRefusedByField) {
  for (const absl::Duration off : {absl::Minutes(10), -absl::Hours(24) * 3700}) {
    v1::ApplicationEvent event = Claim("e-1");
    event.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(absl::Now() + off));
    EXPECT_EQ(Fields(Append(a_, Batch({event})).status()), "events[0].occurred_at");
  }
  // Of a service, whose events have happened, the claim stays and the log's own time stands beside.
  outbox::v1::AuditEvent ahead = Event();
  ahead.mutable_occurred_at()->set_seconds(4'000'000'000);
  Log({{a_, ahead}});
  ASSERT_OK_AND_ASSIGN(const auto reply, List(a_, {}));
  EXPECT_EQ(reply.events(0).event().occurred_at().seconds(), 4'000'000'000);
  EXPECT_LT(reply.events(0).recorded_at().seconds(), 4'000'000'000);
}

TEST_F(AppendTest, SecretsAreDroppedAndNamed) {
  v1::ApplicationEvent event = Claim("e-1");
  (*event.mutable_attributes())["api_token"] = "canary-5Yk";
  ASSERT_OK_AND_ASSIGN(const auto reply, Append(a_, Batch({event})));
  ASSERT_EQ(reply.events(0).stripped_size(), 1);
  EXPECT_THAT(reply.events(0).stripped(0), HasSubstr("api_token"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.event WHERE convert_from(body, 'UTF8') "
                              "LIKE '%canary%'"),
            "0");
}

TEST_F(AppendTest, WhoMayNotIsRefused) {
  permissions_.reset(policy::v1::PERMISSION_AUDIT_WRITE);
  EXPECT_THAT(Append(a_, Batch({Claim("e-1")})), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(As(a_, &v1::AuditService::Stub::AppendEvents, Batch({Claim("e-1")})),
              ReasonIs("ACTOR_NOT_ALLOWED"));
}

TEST_F(AppendTest, ASuspendedTenantIsToldSoBeforeItsFieldsAreLookedAt) {
  test_->SetTenantState(a_, "suspended");
  v1::ApplicationEvent elsewhere = Claim("e-1");
  elsewhere.set_source_address("somewhere");
  EXPECT_THAT(Append(a_, Batch({elsewhere})), ReasonIs("TENANT_SUSPENDED"));
  auto many = Many(60);
  many.mutable_events(0)->set_source_address("somewhere");
  EXPECT_THAT(Append(a_, many), ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(AppendTest, ADamagedLogTakesNothing) {
  ASSERT_OK(Append(a_, Batch({Claim("e-1")})));
  Tamper(a_, "UPDATE audit.log_head SET root = sha256('x') WHERE tenant_id = $");
  EXPECT_THAT(Append(a_, Batch({Claim("e-2")})), ReasonIs("LOG_DAMAGED"));
  EXPECT_OK(Append(b_, Batch({Claim("e-1")})));
}

TEST_F(AppendTest, WhenAMonthsEventsAreUsedUpItIsRefusedAndServicesEventsAreNot) {
  test_->Execute(StrCat("INSERT INTO audit.quotas (tenant_id, meter, most, month_start) VALUES ('",
                        a_.uuid().ToString(),
                        "', 'appended_events', 60, date_trunc('month', now(), 'UTC'))"));
  // Small ones and large ones go different ways.
  ASSERT_OK(Append(a_, Many(59, "large-")));
  ASSERT_OK(Append(a_, Many(1, "small-")));
  ASSERT_OK(LogUpkeep::Count(*door_));
  for (const int count : {1, 59}) {
    const auto refused = Append(a_, Many(count, "more-"));
    EXPECT_THAT(refused, ReasonIs("QUOTA_EXCEEDED"));
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_OK(Append(b_, Many(1)));
  Log(Repeat(a_, 3), absl::Now());
  EXPECT_EQ(test_->QueryValue(StrCat("SELECT size FROM audit.log_head WHERE tenant_id = '",
                                     a_.uuid().ToString(), "'")),
            "63");
  // Those of the month before do not count.
  test_->Execute("UPDATE audit.quotas SET month_start = month_start - interval '1 month'");
  EXPECT_OK(Append(a_, Many(1, "more-")));
}

TEST_F(AppendTest, ADayThatIsOverIsNotCountedBeforeItsEventsAre) {
  Log(Repeat(a_, 3), absl::Now() - absl::Hours(1));
  const auto count = [&](absl::Time until) {
    return database_->WithTenant(Call(a_), [&](postgres::Transaction& tx) {
      return event_quota::CountAll(tx, a_, absl::Now() - absl::Hours(48), until);
    });
  };
  EXPECT_THAT(count(absl::Now() - absl::Minutes(1)), ReasonIs("NOT_COUNTED_YET"));
  EXPECT_OK(count(absl::Now() + absl::Hours(1)));
  ASSERT_OK(LogUpkeep::Count(*door_));
  EXPECT_OK(count(absl::Now() - absl::Minutes(1)));
}

TEST_F(AppendTest, ApplicationsEventsAreCountedApart) {
  ASSERT_OK(Append(a_, Many(5)));
  Log(Repeat(a_, 3), absl::Now());
  ASSERT_OK(LogUpkeep::Count(*door_));
  const absl::Time day = absl::Now() - absl::Hours(25);
  for (const auto& [count, expected] :
       {std::pair(&event_quota::CountAll, 8), std::pair(&event_quota::CountAppended, 5)}) {
    ASSERT_OK_AND_ASSIGN(const int64_t events,
                         database_->WithTenant(Call(a_), [&](postgres::Transaction& tx) {
                           return count(tx, a_, day, absl::Now());
                         }));
    EXPECT_EQ(events, expected);
  }
}

}  // namespace
}  // namespace kasbah::audit
