#include <vector>

#include "services/tenant_data/rpc/usage_fixture.h"

namespace kasbah::tenantdata {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;
using usage::v1::METER_APPENDED_EVENTS;
using usage::v1::METER_EVENTS;
using usage::v1::METER_RECORDS;

absl::Time At(int day, int hour, int minute) {
  return absl::FromCivil(absl::CivilMinute(2026, 11, day, hour, minute), absl::UTCTimeZone());
}

// Says of every tenant what it is told to; refuses while it is away.
class TellingMeters final : public usage::v1::MeterService::Service {
 public:
  grpc::Status CountUsage(grpc::ServerContext*, const usage::v1::CountUsageRequest* request,
                          usage::v1::CountUsageResponse* reply) override {
    if (away) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "away");
    for (const std::string& tenant : request->tenant_ids()) {
      const auto found = events.find({request->date(), tenant});
      auto* count = reply->add_counts();
      count->set_tenant_id(tenant);
      count->set_meter(METER_EVENTS);
      count->set_quantity(found == events.end() ? 0 : found->second);
      if (uncounted) reply->add_uncounted_tenant_ids(tenant);
    }
    return grpc::Status::OK;
  }
  grpc::Status ApplyQuota(grpc::ServerContext*, const usage::v1::ApplyQuotaRequest* request,
                          usage::v1::ApplyQuotaResponse*) override {
    if (away) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "away");
    limits.push_back(request->has_limit() ? std::to_string(request->limit()) : "none");
    return grpc::Status::OK;
  }

  std::atomic<bool> away = false;
  std::atomic<bool> uncounted = false;
  std::map<std::pair<std::string, std::string>, int64_t> events;
  std::vector<std::string> limits;
};

class UsageServiceTest : public UsageTest {
 protected:
  void SetUp() override {
    UsageTest::SetUp();
    Answer();
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&audit_);
    audit_server_ = builder.BuildAndStart();
    peers_["audit"] = usage::v1::MeterService::NewStub(grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
    test_->Execute("UPDATE tenant_data.usage_state SET final_before = '2026-11-28 00:00Z'");
  }
  void TearDown() override {
    audit_server_->Shutdown();
    UsageTest::TearDown();
  }

  void MoveTo(absl::Time time) { time_.Advance(time - time_.Now()); }
  void CountAt(absl::Time time) {
    MoveTo(time);
    EXPECT_OK(counter_->RunOnce());
  }
  absl::StatusOr<v1::ListUsageResponse> List(const std::string& start, const std::string& end,
                                             int size = 0, const std::string& token = "") {
    v1::ListUsageRequest request;
    request.set_start_date(start);
    request.set_end_date(end);
    request.set_page_size(size);
    request.set_page_token(token);
    return AsOperator(TenantId(), &UsageStub::ListUsage, request);
  }
  // "2026-11-28 alpha records 2", for the tenants' names.
  std::vector<std::string> Listed(const std::string& start, const std::string& end) {
    std::vector<std::string> lines;
    const auto reply = List(start, end);
    EXPECT_OK(reply);
    if (!reply.ok()) return lines;
    for (const auto& one : reply->usage()) lines.push_back(LineOf(one));
    return lines;
  }
  std::string LineOf(const v1::ListUsageResponse::Usage& one) {
    return absl::StrCat(one.date(), one.tenant_id() == a_.ToString() ? " alpha " : " beta ",
                        usage::NameOf(one.meter()), " ", one.quantity());
  }
  std::string Of(const v1::TenantUsage& usage, usage::v1::Meter meter) {
    for (const auto& one : usage.meters()) {
      if (one.meter() != meter) continue;
      return absl::StrCat(one.quantity(), one.has_limit() ? absl::StrCat(" of ", one.limit()) : "",
                          one.has_count_time() ? "" : ", never counted");
    }
    return "missing";
  }
  absl::StatusOr<v1::TenantUsage> Get(TenantId tenant) {
    return AsUser(tenant, &UsageStub::GetUsage, v1::GetUsageRequest());
  }
  absl::StatusOr<v1::Quota> Set(TenantId tenant, usage::v1::Meter meter,
                                std::optional<uint64_t> most) {
    v1::SetQuotaRequest request;
    request.set_meter(meter);
    if (most) request.set_limit(*most);
    return AsOperator(tenant, &UsageStub::SetQuota, request);
  }

  TellingMeters audit_;
  std::unique_ptr<grpc::Server> audit_server_;
};

TEST_F(UsageServiceTest, ADayIsTheMostThatWasHeldAndTheSumOfWhatWasUsed) {
  ASSERT_OK_AND_ASSIGN(const v1::Record first, MakeNext(a_));
  ASSERT_OK(MakeNext(a_));
  ASSERT_OK(MakeNext(b_));
  audit_.events[{"2026-11-28", a_.ToString()}] = 10;
  CountAt(At(28, 12, 0));
  ASSERT_OK(Purge(a_, first.record_id()));
  audit_.events[{"2026-11-28", a_.ToString()}] = 25;
  CountAt(At(28, 13, 0));
  EXPECT_EQ(Listed("2026-11-01", "2026-12-01"),
            (std::vector<std::string>{"2026-11-28 alpha events 25", "2026-11-28 alpha records 2",
                                      "2026-11-28 beta records 1"}));
  // What came after the last count of the day is still of that day.
  audit_.events[{"2026-11-28", a_.ToString()}] = 31;
  audit_.events[{"2026-11-29", a_.ToString()}] = 4;
  CountAt(At(29, 0, 10));
  EXPECT_EQ(Listed("2026-11-01", "2026-12-01"),
            (std::vector<std::string>{"2026-11-28 alpha events 31", "2026-11-28 alpha records 2",
                                      "2026-11-28 beta records 1", "2026-11-29 alpha events 4",
                                      "2026-11-29 alpha records 1", "2026-11-29 beta records 1"}));
  ASSERT_OK_AND_ASSIGN(const v1::TenantUsage usage, Get(a_));
  EXPECT_EQ(usage.meters_size(), 6);
  EXPECT_EQ(Of(usage, METER_RECORDS), "1");
  EXPECT_EQ(Of(usage, METER_EVENTS), "35");
  EXPECT_EQ(Of(usage, METER_APPENDED_EVENTS), "0, never counted");
}

TEST_F(UsageServiceTest, OnceAnHourAndByOneReplica) {
  CountAt(At(28, 12, 0));
  ASSERT_OK(MakeNext(a_));
  CountAt(At(28, 12, 59));
  EXPECT_EQ(Listed("2026-11-28", "2026-11-29"), std::vector<std::string>());
  CountAt(At(28, 13, 0));
  EXPECT_EQ(Listed("2026-11-28", "2026-11-29").size(), 1u);
  // Another one is at it.
  ASSERT_OK(MakeNext(b_));
  test_->Execute(
      "UPDATE tenant_data.usage_state SET holder = gen_random_uuid(), lease_until = now() + "
      "interval '1 hour'");
  CountAt(At(28, 15, 0));
  EXPECT_EQ(Listed("2026-11-28", "2026-11-29").size(), 1u);
}

TEST_F(UsageServiceTest, ADayIsFinalWhenEverybodySaidWhatWasUsedOnIt) {
  const auto final_before = [&] { return List("2026-11-28", "2026-11-29")->final_before(); };
  CountAt(At(28, 23, 30));
  EXPECT_EQ(final_before(), "2026-11-28");
  // Ten minutes for what is on its way at midnight.
  CountAt(At(29, 0, 9));
  EXPECT_EQ(final_before(), "2026-11-28");
  audit_.away = true;
  MoveTo(At(29, 0, 10));
  EXPECT_THAT(counter_->RunOnce(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(final_before(), "2026-11-28");
  audit_.away = false;
  audit_.uncounted = true;
  MoveTo(At(29, 0, 15));
  EXPECT_THAT(counter_->RunOnce(), ReasonIs("NOT_COUNTED"));
  EXPECT_EQ(final_before(), "2026-11-28");
  audit_.uncounted = false;
  audit_.events[{"2026-11-28", a_.ToString()}] = 3;
  CountAt(At(29, 0, 20));
  EXPECT_EQ(final_before(), "2026-11-29");
  EXPECT_EQ(Listed("2026-11-28", "2026-11-29"),
            std::vector<std::string>{"2026-11-28 alpha events 3"});
}

TEST_F(UsageServiceTest, DaysThatAnOutageHidAreCountedAfterIt) {
  for (const char* day : {"2026-11-28", "2026-11-29", "2026-11-30"}) {
    audit_.events[{day, b_.ToString()}] = 7;
  }
  // Held is what is held now: it says nothing of the days before.
  ASSERT_OK(MakeNext(b_));
  CountAt(At(30, 18, 0));
  EXPECT_EQ(Listed("2026-11-01", "2026-12-01"),
            (std::vector<std::string>{"2026-11-28 beta events 7", "2026-11-29 beta events 7",
                                      "2026-11-30 beta events 7", "2026-11-30 beta records 1"}));
}

TEST_F(UsageServiceTest, WhatWasHeldOnADayThatNobodyCountedIsWhatItWasBefore) {
  ASSERT_OK(MakeNext(b_));
  CountAt(At(28, 18, 0));
  ASSERT_OK(MakeNext(b_));
  ASSERT_OK(MakeNext(a_));
  CountAt(At(30, 18, 0));
  EXPECT_EQ(Listed("2026-11-01", "2026-12-01"),
            (std::vector<std::string>{"2026-11-28 beta records 1", "2026-11-29 beta records 1",
                                      "2026-11-30 alpha records 1", "2026-11-30 beta records 2"}));
}

TEST_F(UsageServiceTest, PagesHoldEachRowOnce) {
  for (const char* day : {"2026-11-28", "2026-11-29", "2026-11-30"}) {
    for (const TenantId tenant : {a_, b_}) audit_.events[{day, tenant.ToString()}] = 1;
  }
  CountAt(At(30, 18, 0));
  std::vector<std::string> lines;
  std::string token;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListUsageResponse page,
                         List("2026-11-28", "2026-12-01", 2, token));
    EXPECT_LE(page.usage_size(), 2);
    for (const auto& one : page.usage()) lines.push_back(LineOf(one));
    token = page.next_page_token();
  } while (!token.empty());
  EXPECT_EQ(lines, Listed("2026-11-28", "2026-12-01"));
  EXPECT_EQ(lines.size(), 6u);
}

// Rows of the first page may have changed before the day was final.
TEST_F(UsageServiceTest, EveryPageSaysWhatWasFinalAtTheFirst) {
  for (const TenantId tenant : {a_, b_}) audit_.events[{"2026-11-28", tenant.ToString()}] = 1;
  CountAt(At(28, 23, 0));
  ASSERT_OK_AND_ASSIGN(const v1::ListUsageResponse first, List("2026-11-28", "2026-11-30", 1));
  EXPECT_EQ(first.final_before(), "2026-11-28");
  CountAt(At(29, 0, 10));
  ASSERT_OK_AND_ASSIGN(const v1::ListUsageResponse second,
                       List("2026-11-28", "2026-11-30", 1, first.next_page_token()));
  EXPECT_EQ(second.final_before(), "2026-11-28");
  EXPECT_EQ(List("2026-11-28", "2026-11-30")->final_before(), "2026-11-29");
}

TEST_F(UsageServiceTest, AFinalDayTakesNothingMore) {
  audit_.events[{"2026-11-28", a_.ToString()}] = 3;
  CountAt(At(28, 23, 0));
  CountAt(At(29, 0, 10));
  ASSERT_OK(door_->Run(absl::Now() + absl::Seconds(30), [&](postgres::Transaction& tx) {
    UsageStore::SaveDay(tx, DayOf(At(28, 0, 0)), {{a_, "events", 99}, {b_, "events", 1}});
    return absl::OkStatus();
  }));
  EXPECT_EQ(Listed("2026-11-28", "2026-11-29"),
            std::vector<std::string>{"2026-11-28 alpha events 3"});
}

TEST_F(UsageServiceTest, WhatIsNoDayAndNoPageIsRefusedByName) {
  for (const auto& [start, end, token, field] : std::vector<std::array<std::string, 4>>{
           {"2026-02-30", "2026-03-01", "", "start_date"},
           {"yesterday", "2026-03-01", "", "start_date"},
           {"2026-03-01", "2026-13-01", "", "end_date"},
           {"2026-03-01", "2026-03-01", "", "end_date"},
           {"2026-03-01", "2026-04-01", "x|y|z", "page_token"},
           {"2026-03-01", "2026-04-01", "2026-02-01|" + a_.ToString() + "|records",
            "page_token"}}) {
    const auto reply = List(start, end, 0, token);
    EXPECT_THAT(reply, StatusIs(absl::StatusCode::kInvalidArgument));
    ASSERT_EQ(DetailsOf(reply.status()).violations.size(), 1u)
        << start << " " << end << " " << token;
    EXPECT_EQ(DetailsOf(reply.status()).violations[0].field, field);
  }
}

TEST_F(UsageServiceTest, ALimitIsInForceAtOnceAndAgainEachHour) {
  ASSERT_OK_AND_ASSIGN(const v1::Quota quota, Set(a_, METER_RECORDS, 1));
  EXPECT_TRUE(quota.in_force());
  ASSERT_OK(MakeNext(a_));
  EXPECT_THAT(MakeNext(a_), ReasonIs("QUOTA_EXCEEDED"));
  ASSERT_OK_AND_ASSIGN(const v1::TenantUsage usage, Get(a_));
  EXPECT_EQ(Of(usage, METER_RECORDS), "0 of 1, never counted");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM tenant_data.outbox WHERE "
                              "position('quota.set'::bytea IN payload) > 0"),
            "1");

  audit_.away = true;
  ASSERT_OK_AND_ASSIGN(const v1::Quota waiting, Set(a_, METER_APPENDED_EVENTS, 9));
  EXPECT_FALSE(waiting.in_force());
  audit_.away = false;
  CountAt(At(28, 12, 0));
  EXPECT_EQ(audit_.limits, std::vector<std::string>{"9"});
  ASSERT_OK(Set(a_, METER_APPENDED_EVENTS, std::nullopt));
  EXPECT_EQ(audit_.limits, (std::vector<std::string>{"9", "none"}));
  CountAt(At(28, 13, 0));
  EXPECT_EQ(audit_.limits.size(), 2u);
}

TEST_F(UsageServiceTest, AClearedLimitIsClearedWhereItCounts) {
  ASSERT_OK(Set(a_, METER_APPENDED_EVENTS, 9));
  CountAt(At(28, 12, 0));
  audit_.away = true;
  ASSERT_OK_AND_ASSIGN(const v1::Quota waiting, Set(a_, METER_APPENDED_EVENTS, std::nullopt));
  EXPECT_FALSE(waiting.in_force());
  audit_.away = false;
  // Due at once, and not when the hour is over.
  CountAt(At(28, 12, 1));
  EXPECT_EQ(audit_.limits.back(), "none");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM tenant_data.quota_settings"), "0");
}

TEST_F(UsageServiceTest, AClosedTenantHasNoLimitSet) {
  test_->Execute("UPDATE core.tenants SET state = 'closed', closed_at = now() WHERE tenant_id = '" +
                 a_.uuid().ToString() + "'");
  EXPECT_THAT(Set(a_, METER_RECORDS, 1), ReasonIs("TENANT_CLOSED"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM tenant_data.quota_settings"), "0");
}

TEST_F(UsageServiceTest, WhatIsRecordedIsNeverLimited) {
  EXPECT_THAT(Set(a_, METER_EVENTS, 1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM tenant_data.quota_settings"), "0");
}

TEST_F(UsageServiceTest, ACustomersCallerSeesNothingOfIt) {
  customer_ = MakeCustomer(a_, "crm-1");
  EXPECT_THAT(Get(a_), StatusIs(absl::StatusCode::kPermissionDenied));
}

}  // namespace
}  // namespace kasbah::tenantdata
