#include <thread>

#include "services/tenant_data/store/record_batch_writer.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ReasonIs;

class RecordBatchTest : public TenantDataTest {
 protected:
  absl::StatusOr<BatchCreated> CreateAll(const std::vector<NewRecord>& records,
                                         const std::optional<RequestKey>& request = std::nullopt) {
    return batches().Create(Call(a_), *rules_a_, std::nullopt, records, request,
                            [](const std::vector<std::vector<FieldId>>& taken) {
                              return absl::StrCat("outcome of ", taken.size());
                            });
  }
  NewRecord Code(const std::string& code) { return Record(*rules_a_, {{"alpha_2", code}}); }
  FieldId alpha_2() { return rules_a_->Find("alpha_2")->definition.id; }
};

TEST_F(RecordBatchTest, AllGoInWithHistoryIndexAndEvents) {
  std::vector<NewRecord> records;
  for (int i = 0; i < 250; ++i) {
    records.push_back(
        Record(*rules_a_, {{"alpha_2", absl::StrCat("C", i)}, {"name", "n"}, {"iban", "i"}}));
  }
  const int64_t audits = Audits();
  ASSERT_OK_AND_ASSIGN(const BatchCreated created, CreateAll(records));
  EXPECT_EQ(created.taken.size(), 250u);
  EXPECT_EQ(Count("tenant_data.records WHERE sealed IS NOT NULL AND version = 1"), 250);
  EXPECT_EQ(Count("tenant_data.record_history"), 250);
  EXPECT_EQ(Count("tenant_data.record_index"), 500);
  EXPECT_EQ(Count("tenant_data.record_unique"), 250);
  EXPECT_EQ(Audits(), audits + 250);
  EXPECT_EQ(Changes(), 250);
  EXPECT_OK(Get(Call(a_), records[249].id));
}

TEST_F(RecordBatchTest, ARefusedItemChangesNothingAndDoesNotStopTheRest) {
  ASSERT_OK(Create(a_, {{"alpha_2", "CH"}}));
  const int64_t audits = Audits();
  ASSERT_OK_AND_ASSIGN(const BatchCreated created,
                       CreateAll({Code("AA"), Code("CH"), Code("BB"), Code("AA")}));
  EXPECT_THAT(created.taken,
              ElementsAre(IsEmpty(), ElementsAre(alpha_2()), IsEmpty(), ElementsAre(alpha_2())));
  EXPECT_EQ(Count("tenant_data.records"), 3);
  EXPECT_EQ(Count("tenant_data.record_index"), 3);
  EXPECT_EQ(Count("tenant_data.record_unique u JOIN tenant_data.records r USING (record_id)"), 3);
  EXPECT_EQ(Count("tenant_data.record_unique"), 3);
  EXPECT_EQ(Audits(), audits + 2);
}

TEST_F(RecordBatchTest, WhatARefusedItemWantedGoesToTheNext) {
  ASSERT_OK(Create(a_, {{"alpha_2", "CH"}}));
  const NewRecord refused = Record(*rules_a_, {{"alpha_2", "CH"}, {"code", "x"}});
  const NewRecord next = Record(*rules_a_, {{"alpha_2", "DE"}, {"code", "x"}});
  const NewRecord alone = Record(*rules_a_, {{"alpha_2", "CH"}, {"code", "y"}});
  ASSERT_OK_AND_ASSIGN(const BatchCreated created, CreateAll({refused, next, alone}));
  EXPECT_THAT(created.taken,
              ElementsAre(ElementsAre(alpha_2()), IsEmpty(), ElementsAre(alpha_2())));
  EXPECT_EQ(Count("tenant_data.record_unique"), 3);
  EXPECT_EQ(test_->QueryValue("SELECT record_id FROM tenant_data.record_unique WHERE value = 'x'"),
            next.id.uuid().ToString());
  EXPECT_OK(Create(a_, {{"code", "y"}}));
}

TEST_F(RecordBatchTest, ABatchOfWhichNothingIsLeftWritesNothing) {
  ASSERT_OK(Create(a_, {{"alpha_2", "CH"}}));
  const int64_t events = Audits() + Changes();
  ASSERT_OK_AND_ASSIGN(const BatchCreated created, CreateAll({Code("CH"), Code("CH")}));
  EXPECT_THAT(created.taken, ElementsAre(ElementsAre(alpha_2()), ElementsAre(alpha_2())));
  EXPECT_EQ(Audits() + Changes(), events);
  EXPECT_EQ(Count("tenant_data.record_unique"), 1);
}

TEST_F(RecordBatchTest, ARequestIdMakesOneBatch) {
  const RequestKey key{*Uuid::Parse("0190a2c4-0000-4000-8000-000000000001"), "d1"};
  ASSERT_OK_AND_ASSIGN(const BatchCreated first, CreateAll({Code("AA"), Code("BB")}, key));
  EXPECT_EQ(first.replayed, std::nullopt);
  const int64_t events = Audits() + Changes();
  ASSERT_OK_AND_ASSIGN(const BatchCreated again, CreateAll({Code("AA"), Code("BB")}, key));
  EXPECT_EQ(again.replayed, "outcome of 2");
  EXPECT_EQ(Audits() + Changes(), events);
  EXPECT_EQ(Count("tenant_data.records"), 2);
  EXPECT_THAT(CreateAll({Code("CC")}, RequestKey{key.id, "d2"}), ReasonIs("REQUEST_ID_REUSED"));
}

TEST_F(RecordBatchTest, BatchesThatWantTheSameValuesShareThemOut) {
  std::vector<absl::StatusOr<BatchCreated>> results(4, absl::UnknownError(""));
  std::vector<std::vector<NewRecord>> batches(results.size());
  for (size_t b = 0; b < batches.size(); ++b) {
    for (int i = 0; i < 20; ++i) {
      // Each in another order, which is where they could cross.
      batches[b].push_back(Code(absl::StrCat("V", b % 2 == 0 ? i : 19 - i)));
    }
  }
  std::vector<std::thread> threads;
  for (size_t b = 0; b < batches.size(); ++b) {
    threads.emplace_back([&, b] { results[b] = CreateAll(batches[b]); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_OK(result);
  EXPECT_EQ(Count("tenant_data.records"), 20);
  EXPECT_EQ(Count("tenant_data.record_unique"), 20);
}

}  // namespace
}  // namespace kasbah::tenantdata
