#include <atomic>
#include <thread>
#include <vector>

#include "services/tenant_data/rpc/usage_fixture.h"

namespace kasbah::tenantdata {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;
using usage::v1::METER_FILE_BYTES;
using usage::v1::METER_RECORDS;
using usage::v1::METER_SECRETS;

class QuotaTest : public UsageTest {};

TEST_F(QuotaTest, RecordsAreHeldToTheirLimitAndNotOneBeyondIt) {
  ASSERT_OK_AND_ASSIGN(const v1::Record first, MakeNext(a_));
  ASSERT_OK(Limit(a_, METER_RECORDS, 5));
  for (int i = 0; i < 4; ++i) EXPECT_OK(MakeNext(a_));
  const auto refused = MakeNext(a_);
  EXPECT_THAT(refused, ReasonIs("QUOTA_EXCEEDED"));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(CountRecords(a_), "5");
  // Nobody else's business.
  for (int i = 0; i < 6; ++i) EXPECT_OK(MakeNext(b_));
  // What is deleted can be restored: only a purge makes room.
  ASSERT_OK(Delete(a_, first.record_id()));
  EXPECT_THAT(MakeNext(a_), ReasonIs("QUOTA_EXCEEDED"));
  ASSERT_OK(Purge(a_, first.record_id()));
  EXPECT_OK(MakeNext(a_));
  EXPECT_THAT(MakeNext(a_), ReasonIs("QUOTA_EXCEEDED"));
}

TEST_F(QuotaTest, ManyWritersAtOnceTakeAllThatThereIsAndNoMore) {
  constexpr int kLimit = 37;
  ASSERT_OK(Limit(a_, METER_RECORDS, kLimit));
  // The channel is made by the first.
  ASSERT_OK(MakeNext(b_));
  std::atomic<int> made{0}, refused{0};
  std::vector<std::thread> writers;
  for (int w = 0; w < 8; ++w) {
    writers.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto record = MakeNext(a_);
        if (record.ok()) {
          ++made;
        } else {
          EXPECT_THAT(record, ReasonIs("QUOTA_EXCEEDED"));
          ++refused;
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(made, kLimit);
  EXPECT_EQ(refused, 80 - kLimit);
  EXPECT_EQ(CountRecords(a_), std::to_string(kLimit));
  EXPECT_EQ(RoomLeft(a_), "0");
}

// What a lane does not take is counted as well: neither unique nor indexed values.
TEST_F(QuotaTest, AWriteThatFailsTakesNothing) {
  ASSERT_OK(Make(a_, {{"alpha_2", "CH"}}));
  ASSERT_OK(Limit(a_, METER_RECORDS, 2));
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Make(a_, {{"alpha_2", "CH"}}), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(RoomLeft(a_), "1");
  EXPECT_OK(Make(a_, {{"note", "plain"}}));
  EXPECT_THAT(Make(a_, {{"note", "plain"}}), ReasonIs("QUOTA_EXCEEDED"));
}

TEST_F(QuotaTest, ABatchThatDoesNotFitIsRefusedWhole) {
  ASSERT_OK(Limit(a_, METER_RECORDS, 3));
  v1::BatchCreateRecordsRequest batch;
  batch.set_collection("countries");
  for (int i = 0; i < 4; ++i) {
    *batch.add_values() = ToStruct({{"note", "one of many"}});
  }
  EXPECT_THAT(AsUser(a_, &Stub::BatchCreateRecords, batch), ReasonIs("QUOTA_EXCEEDED"));
  EXPECT_EQ(CountRecords(a_), "0");
  batch.mutable_values()->RemoveLast();
  EXPECT_OK(AsUser(a_, &Stub::BatchCreateRecords, batch));
  EXPECT_EQ(RoomLeft(a_), "0");
}

TEST_F(QuotaTest, BelowWhatThereIsNothingIsTakenAwayAndNothingComesOnTop) {
  std::vector<std::string> records;
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK_AND_ASSIGN(const v1::Record record, MakeNext(a_));
    records.push_back(record.record_id());
  }
  ASSERT_OK(Limit(a_, METER_RECORDS, 2));
  EXPECT_EQ(RoomLeft(a_), "-2");
  EXPECT_EQ(CountRecords(a_), "4");
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(MakeNext(a_), ReasonIs("QUOTA_EXCEEDED"));
    ASSERT_OK(Purge(a_, records[static_cast<size_t>(i)]));
  }
  EXPECT_THAT(MakeNext(a_), ReasonIs("QUOTA_EXCEEDED"));
  ASSERT_OK(Purge(a_, records[2]));
  EXPECT_OK(MakeNext(a_));
}

TEST_F(QuotaTest, AnErasedPersonsRecordsMakeRoom) {
  ASSERT_OK(Limit(a_, METER_RECORDS, 1));
  v1::CreateRecordRequest create;
  create.set_collection("countries");
  create.set_subject_id("ada@example.com");
  *create.mutable_values() = ToStruct({{"note", "hers"}});
  ASSERT_OK(AsUser(a_, &Stub::CreateRecord, create));
  EXPECT_THAT(MakeNext(a_), ReasonIs("QUOTA_EXCEEDED"));
  subject::v1::EraseSubjectRequest erase;
  erase.mutable_subject()->set_id("ada@example.com");
  ASSERT_OK(As("service/tenant-data", a_, &subject::v1::SubjectService::Stub::EraseSubject, erase));
  EXPECT_EQ(RoomLeft(a_), "1");
}

TEST_F(QuotaTest, RaisedLoweredAndLiftedItSaysSoOnceEach) {
  const auto events = [&] {
    return test_->QueryValue(
        "SELECT count(*) FROM tenant_data.outbox WHERE topic = 'audit' "
        "AND position('quota.apply'::bytea IN payload) > 0");
  };
  ASSERT_OK(Limit(a_, METER_RECORDS, 1));
  ASSERT_OK(Limit(a_, METER_RECORDS, 1));
  EXPECT_EQ(events(), "1");
  ASSERT_OK(MakeNext(a_));
  EXPECT_THAT(MakeNext(a_), ReasonIs("QUOTA_EXCEEDED"));
  ASSERT_OK(Limit(a_, METER_RECORDS, 2));
  EXPECT_OK(MakeNext(a_));
  ASSERT_OK(Limit(a_, METER_RECORDS, std::nullopt));
  ASSERT_OK(Limit(a_, METER_RECORDS, std::nullopt));
  EXPECT_EQ(events(), "3");
  EXPECT_OK(MakeNext(a_));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM tenant_data.quota_slots"), "0");
}

// Somebody who wrote while the limit came did not see it.
TEST_F(QuotaTest, CountedAnewItIsByWhatThereIs) {
  ASSERT_OK(Limit(a_, METER_RECORDS, 3));
  ASSERT_OK(MakeNext(a_));
  test_->Execute("UPDATE tenant_data.quota_slots SET remaining = 7");
  ASSERT_OK(Limit(a_, METER_RECORDS, 3));
  EXPECT_EQ(RoomLeft(a_), "112");
  ASSERT_OK(Limit(a_, METER_RECORDS, 3, /*recount=*/true));
  EXPECT_EQ(RoomLeft(a_), "2");
}

TEST_F(QuotaTest, ASuspendedTenantsLimitCanBeSet) {
  test_->Execute("UPDATE core.tenants SET state = 'suspended' WHERE tenant_id = '" +
                 a_.uuid().ToString() + "'");
  EXPECT_OK(Limit(a_, METER_RECORDS, 3));
  EXPECT_EQ(RoomLeft(a_), "3");
}

TEST_F(QuotaTest, WhatIsCountedElsewhereIsRefusedByName) {
  EXPECT_THAT(Limit(a_, METER_SECRETS, 1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Limit(a_, usage::v1::METER_UNSPECIFIED, 1),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM tenant_data.quotas"), "0");
}

TEST_F(QuotaTest, NobodyElseAppliesOne) {
  usage::v1::ApplyQuotaRequest request;
  request.set_meter(METER_FILE_BYTES);
  for (const char* path : {"operator/ada", "service/webhook", "service/gateway"}) {
    EXPECT_THAT(As(path, a_, &MeterStub::ApplyQuota, request),
                StatusIs(absl::StatusCode::kPermissionDenied));
  }
}

}  // namespace
}  // namespace kasbah::tenantdata
