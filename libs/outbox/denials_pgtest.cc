#include "libs/outbox/denials.h"
#include "libs/outbox/outbox_fixture.h"
#include "libs/testing/fake_clock.h"

namespace kasbah::outbox {
namespace {

class CountedEventsTest : public OutboxTest {
 protected:
  // The events of a tenant's outbox, in order.
  std::vector<v1::AuditEvent> Events(TenantId tenant) {
    std::vector<v1::AuditEvent> events;
    constexpr postgres::Statement kRead{
        "test.payloads", "SELECT payload FROM vault.outbox WHERE tenant_id = $1 ORDER BY id"};
    const auto door = OpenDoor();
    const auto rows =
        door->Run(Soon(), [&](postgres::Transaction& tx) { return tx.Run(kRead, tenant); });
    EXPECT_OK(rows);
    for (const postgres::Row row : *rows) {
      EXPECT_TRUE(events.emplace_back().ParseFromString(row.Get<std::string>(0)));
    }
    return events;
  }

  testing::FakeClock clock_;
};

TEST_F(CountedEventsTest, EqualDenialsBecomeOneEventWithACount) {
  CountedEvents counted(*database_, *outbox_, clock_);
  for (int i = 0; i < 1000; ++i) counted.Denied(Call(), "secret.access", "PERMISSION_DENIED");
  counted.Denied(Call(), "secret.access", "TENANT_SUSPENDED");
  ASSERT_OK(counted.Flush());
  uint64_t denied = 0;
  for (const v1::AuditEvent& event : Events(tenant_)) {
    EXPECT_EQ(event.outcome(), v1::OUTCOME_DENIED);
    if (event.reason() == "PERMISSION_DENIED") denied += event.count();
  }
  EXPECT_EQ(denied, 1000u);
  EXPECT_LT(Events(tenant_).size(), 10u);
}

TEST_F(CountedEventsTest, UsesAreCountedByTarget) {
  CountedEvents counted(*database_, *outbox_, clock_);
  counted.Used(Call(), "crypto.encrypt", "key", "kmk_1", "orders", 3);
  counted.Used(Call(), "crypto.encrypt", "key", "kmk_1", "orders", 4);
  counted.Used(Call(), "crypto.encrypt", "key", "kmk_2", "orders", 1);
  ASSERT_OK(counted.Flush());
  const auto events = Events(tenant_);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].count() + events[1].count(), 8u);
  EXPECT_EQ(events[0].outcome(), v1::OUTCOME_SUCCESS);
}

TEST_F(CountedEventsTest, ADenialWithoutTenantOrActorIsTheInstallations) {
  CountedEvents counted(*database_, *outbox_, clock_);
  CallContext nobody;
  nobody.workload = "service/webhook";
  counted.Denied(nobody, "secret.access", "UNAUTHENTICATED");
  CallContext made_up = Call();
  made_up.tenant = TenantId::New(absl::Now());
  counted.Denied(made_up, "secret.access", "PERMISSION_DENIED");
  ASSERT_OK(counted.Flush());
  const auto events = Events(kSystemTenant);
  ASSERT_EQ(events.size(), 2u);
}

TEST_F(CountedEventsTest, ASuspendedTenantsDenialsAreWritten) {
  CountedEvents counted(*database_, *outbox_, clock_);
  test_->SetTenantState(tenant_, "suspended");
  counted.Denied(Call(), "secret.access", "TENANT_SUSPENDED");
  ASSERT_OK(counted.Flush());
  EXPECT_EQ(Events(tenant_).size(), 1u);
}

TEST_F(CountedEventsTest, WhatTheDatabaseMissedIsWrittenWhenItIsBack) {
  CountedEvents counted(*database_, *outbox_, clock_);
  testing::TestDatabase::StopServer();
  counted.Denied(Call(), "secret.access", "PERMISSION_DENIED");
  const absl::Status away = counted.Flush();
  counted.Denied(Call(), "secret.access", "PERMISSION_DENIED");
  testing::TestDatabase::StartServer();
  EXPECT_FALSE(away.ok());
  EXPECT_TRUE(Eventually([&] { return counted.Flush().ok() && Waiting() != "0"; }));
  uint64_t total = 0;
  for (const v1::AuditEvent& event : Events(tenant_)) total += event.count();
  EXPECT_EQ(total, 2u);
}

TEST_F(CountedEventsTest, TheEndWritesWhatIsLeft) {
  {
    CountedEvents counted(*database_, *outbox_, clock_);
    counted.Used(Call(), "crypto.encrypt", "key", "kmk_1", "orders", 3);
  }
  EXPECT_EQ(Events(tenant_).size(), 1u);
}

}  // namespace
}  // namespace kasbah::outbox
