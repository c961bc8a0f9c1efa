#include <gtest/gtest.h>

#include "services/audit/log/log_upkeep.h"
#include "services/audit/rpc/audit_server_fixture.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

class CountTest : public AuditServerTest {
 protected:
  // "2030-03-17 secret.create 3", a line for each.
  std::string Counts(TenantId tenant, const std::string& first = "2030-03-01",
                     const std::string& last = "2030-03-31") {
    v1::CountEventsRequest request;
    request.set_first_day(first);
    request.set_last_day(last);
    const auto reply = As(tenant, &v1::AuditService::Stub::CountEvents, request);
    EXPECT_OK(reply);
    std::string text;
    if (!reply.ok()) return text;
    for (const auto& count : reply->counts()) {
      StrAppend(&text, count.day(), " ", count.action(), " ", count.events(), "\n");
    }
    return text;
  }
  static absl::Time Day(int day, int hour = 12) {
    return absl::FromCivil(absl::CivilHour(2030, 3, day, hour), absl::UTCTimeZone());
  }
};

TEST_F(CountTest, AreExactWhateverIsCountedAheadAlready) {
  Log(Repeat(a_, 3), Day(10, 23));
  Log({{a_, Event("record.update")}}, Day(11, 0));
  const std::string first = "2030-03-10 secret.create 3\n2030-03-11 record.update 1\n";
  EXPECT_EQ(Counts(a_), first);
  ASSERT_OK(LogUpkeep::Count(*door_));
  EXPECT_EQ(Counts(a_), first);
  EXPECT_EQ(test_->QueryValue("SELECT counted FROM audit.count_cursor"), "4");
  // Counted and not yet counted of the same day add up.
  Log(Repeat(a_, 2), Day(11, 23));
  Log({{b_, Event()}}, Day(11));
  const std::string second =
      "2030-03-10 secret.create 3\n2030-03-11 record.update 1\n2030-03-11 secret.create 2\n";
  EXPECT_EQ(Counts(a_), second);
  ASSERT_OK(LogUpkeep::Count(*door_));
  ASSERT_OK(LogUpkeep::Count(*door_));
  EXPECT_EQ(Counts(a_), second);
  EXPECT_EQ(Counts(b_), "2030-03-11 secret.create 1\n");
  EXPECT_EQ(Waiting("audit.count"), "5");
}

TEST_F(CountTest, FewWaitUnlessALimitStandsOnThem) {
  test_->Execute(StrCat("INSERT INTO audit.quotas (tenant_id, meter, most, month_start) VALUES ('",
                        b_.uuid().ToString(),
                        "', 'appended_events', 60, date_trunc('month', now(), 'UTC'))"));
  Log(Repeat(a_, 9), Day(10));
  Log(Repeat(b_, 3), Day(10));
  const auto counted = [&](TenantId tenant) {
    return test_->QueryValue(
        StrCat("SELECT coalesce(sum(counted), 0) FROM audit.count_cursor "
               "WHERE tenant_id = '",
               tenant.uuid().ToString(), "'"));
  };
  ASSERT_OK(LogUpkeep::Count(*door_, 10));
  EXPECT_EQ(counted(a_), "0");
  EXPECT_EQ(counted(b_), "3");
  EXPECT_EQ(Counts(a_), "2030-03-10 secret.create 9\n");
  Log(Repeat(a_, 1), Day(10));
  ASSERT_OK(LogUpkeep::Count(*door_, 10));
  EXPECT_EQ(counted(a_), "10");
}

TEST_F(CountTest, DaysOutsideAreNotCounted) {
  for (const int day : {9, 10, 11, 12}) Log(Repeat(a_, 1), Day(day, 0));
  EXPECT_EQ(Counts(a_, "2030-03-10", "2030-03-11"),
            "2030-03-10 secret.create 1\n2030-03-11 secret.create 1\n");
  ASSERT_OK(LogUpkeep::Count(*door_));
  EXPECT_EQ(Counts(a_, "2030-03-10", "2030-03-11"),
            "2030-03-10 secret.create 1\n2030-03-11 secret.create 1\n");
}

TEST_F(CountTest, WhatCannotBeCountedIsRefused) {
  v1::CountEventsRequest request;
  request.set_first_day("2030-02-30");
  EXPECT_THAT(As(a_, &v1::AuditService::Stub::CountEvents, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(CountTest, PartitionsAreMadeAheadByWhoeverAsks) {
  const std::string count =
      "SELECT count(*) FROM pg_inherits WHERE inhparent IN ('audit.event'::regclass, "
      "'audit.leaf'::regclass)";
  const std::string last =
      "SELECT max(relname) FROM pg_class WHERE relname ~ '^event_2' AND relkind = 'r'";
  const int before = std::stoi(test_->QueryValue(count));
  const std::string name = test_->QueryValue(last);
  test_->Execute(StrCat("DROP TABLE audit.", name));
  ASSERT_OK(LogUpkeep::ExtendPartitions(*door_));
  ASSERT_OK(LogUpkeep::ExtendPartitions(*door_));
  // The one that was missing, and the month after the year that was made at first.
  EXPECT_EQ(std::stoi(test_->QueryValue(count)), before + 2);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM pg_class WHERE relname = '" + name + "'"), "1");
  EXPECT_EQ(test_->QueryValue("SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE "
                              "relname = '" +
                              test_->QueryValue(last) + "'"),
            "t");
}

TEST_F(CountTest, ApplicationsEventsAreForgottenAfterAWhile) {
  Log(Repeat(a_, 1));
  Tamper(a_,
         "INSERT INTO audit.appended_event SELECT $, i::text, sha256('x'), i, now() - "
         "make_interval(days => i) FROM generate_series(80, 100) i");
  ASSERT_OK(LogUpkeep::ForgetAppended(*door_, absl::Now()));
  EXPECT_EQ(test_->QueryValue("SELECT max(seq) FROM audit.appended_event"), "89");
}

}  // namespace
}  // namespace kasbah::audit
