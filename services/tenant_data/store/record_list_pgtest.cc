#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {
namespace {

class RecordListTest : public TenantDataTest {
 protected:
  std::vector<RecordId> List(const std::vector<Condition>& conditions, RecordId after = RecordId(),
                             int64_t limit = 100) {
    const CallContext call = Call(a_);
    const auto records = *database_->WithTenant(call, [&](postgres::Transaction& tx) {
      return records_.List(tx, call, rules_a_->collection_id(), conditions, after, limit);
    });
    std::vector<RecordId> ids;
    for (const StoredRecord& record : records) ids.push_back(record.id);
    return ids;
  }

  Condition Text(const std::string& key, const std::string& value) {
    return {rules_a_->Find(key)->definition.id, {value, {}, {}}};
  }
  Condition Integer(const std::string& key, int64_t value) {
    return {rules_a_->Find(key)->definition.id, {{}, value, {}}};
  }
};

TEST_F(RecordListTest, PagesHoldEveryRecordOnceInOrder) {
  std::vector<RecordId> made;
  for (int i = 0; i < 7; ++i) {
    ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"name", "same"}}));
    made.push_back(id);
  }
  for (const std::vector<Condition>& conditions :
       {std::vector<Condition>{}, std::vector<Condition>{Text("name", "same")}}) {
    std::vector<RecordId> seen;
    while (true) {
      const auto page = List(conditions, seen.empty() ? RecordId() : seen.back(), 3);
      if (page.empty()) break;
      seen.insert(seen.end(), page.begin(), page.end());
    }
    EXPECT_EQ(seen, made);
  }
}

TEST_F(RecordListTest, AllConditionsMustHold) {
  ASSERT_OK_AND_ASSIGN(const RecordId both, Create(a_, {{"name", "x"}, {"population", "5"}}));
  ASSERT_OK(Create(a_, {{"name", "x"}, {"population", "6"}}));
  ASSERT_OK(Create(a_, {{"name", "y"}, {"population", "5"}}));
  ASSERT_OK(Create(b_, {{"name", "x"}, {"population", "5"}}));
  using ::testing::ElementsAre;
  EXPECT_THAT(List({Text("name", "x"), Integer("population", 5)}), ElementsAre(both));
  EXPECT_THAT(List({Integer("population", 5), Text("name", "x")}), ElementsAre(both));
  EXPECT_EQ(List({Text("name", "x")}).size(), 2u);
  EXPECT_EQ(List({Integer("population", 5)}).size(), 2u);
  EXPECT_EQ(List({Text("name", "z")}).size(), 0u);
}

TEST_F(RecordListTest, DeletedRecordsAreInNoList) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"name", "x"}}));
  ASSERT_OK(writer().Delete(Call(a_), id, std::nullopt));
  EXPECT_TRUE(List({}).empty());
  EXPECT_TRUE(List({Text("name", "x")}).empty());
}

// The leakproof trap: under row-level security a filter must still be an index condition.
TEST_F(RecordListTest, FiltersAreIndexConditionsUnderRowLevelSecurity) {
  ASSERT_OK(Create(a_, {{"name", "x"}}));
  constexpr postgres::Statement kNoSeqScan{"test.no_seqscan", "SET LOCAL enable_seqscan = off"};
  constexpr postgres::Statement kExplain{
      "test.explain",
      "EXPLAIN SELECT record_id FROM tenant_data.record_index "
      "WHERE tenant_id = '00000000-0000-7000-8000-000000000001' "
      "AND field_id = '00000000-0000-7000-8000-000000000001' AND v_text = 'x' ORDER BY record_id"};
  const CallContext call = Call(a_);
  ASSERT_OK_AND_ASSIGN(const postgres::Result plan,
                       database_->WithTenant(call, [&](postgres::Transaction& tx) {
                         tx.Run(kNoSeqScan);
                         return tx.Run(kExplain);
                       }));
  std::string text;
  for (const postgres::Row& row : plan) absl::StrAppend(&text, row.Get<std::string>(0), "\n");
  EXPECT_NE(text.find("record_index_text"), std::string::npos) << text;
  EXPECT_NE(text.find("v_text = 'x'"), std::string::npos) << text;
  EXPECT_EQ(text.find("Sort"), std::string::npos) << text;
}

}  // namespace
}  // namespace kasbah::tenantdata
