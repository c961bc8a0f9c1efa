#include <algorithm>
#include <atomic>
#include <thread>

#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class IndexBuilderTest : public TenantDataTest {
 protected:
  // More builds than are looked at in one go.
  void BeginMany(TenantId tenant) {
    test_->Execute(
        absl::StrCat("INSERT INTO tenant_data.field_indexes "
                     "(tenant_id, field_id, collection_id, state, last_record, started_at) "
                     "SELECT tenant_id, gen_random_uuid(), collection_id, 'building', "
                     "'00000000-0000-0000-0000-000000000000', now() "
                     "FROM tenant_data.collections, generate_series(1, 250) WHERE tenant_id = '",
                     tenant.uuid().ToString(), "'"));
  }
  IndexState StateOf(TenantId tenant, size_t field) {
    return Current(tenant)->fields[field].index_state;
  }
};

constexpr size_t kNote = 3;

TEST_F(IndexBuilderTest, AnIndexedFieldIsBuiltInPagesAndGoesOnAfterAStop) {
  for (int i = 0; i < 7; ++i) ASSERT_OK(Create(a_, {{"note", absl::StrCat("n", i)}}));
  ASSERT_OK(Create(a_, {{"name", "without"}}));
  ASSERT_OK(Create(b_, {{"note", "of another tenant"}}));
  ASSERT_OK(Change(a_, "note", [](FieldDefinition& field) { field.indexed = true; }));
  EXPECT_EQ(StateOf(a_, kNote), IndexState::kBuilding);
  const std::string rows = absl::StrCat("tenant_data.record_index WHERE field_id = '",
                                        Current(a_)->fields[kNote].id.uuid().ToString(), "'");
  EXPECT_EQ(Count(rows), 0);

  ASSERT_OK_AND_ASSIGN(const int64_t first, Builder(3).RunOnce(/*max_pages=*/1));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(Count(rows), 3);
  EXPECT_EQ(StateOf(a_, kNote), IndexState::kBuilding);
  // Another process, which knows nothing of the first but what it committed.
  ASSERT_OK_AND_ASSIGN(const int64_t rest, Builder(3).RunOnce());
  EXPECT_EQ(rest, 2);
  EXPECT_EQ(Count(rows), 7);
  EXPECT_EQ(StateOf(a_, kNote), IndexState::kReady);
  ASSERT_OK_AND_ASSIGN(const int64_t nothing, Builder(3).RunOnce());
  EXPECT_EQ(nothing, 0);
}

TEST_F(IndexBuilderTest, ACheckAndABuildComeToEveryRecordHoweverLarge) {
  for (int i = 0; i < 5; ++i) ASSERT_OK(Create(a_, {{"code", absl::StrCat("c", i)}}));
  test_->Execute(
      "UPDATE tenant_data.records r SET data = data || jsonb_build_object('note', (SELECT "
      "string_agg(md5(r.record_id::text || n), '') FROM generate_series(1, 65000) n))");
  const auto refused = Change(a_, "note", [](FieldDefinition& field) { field.max = 100; });
  ASSERT_THAT(refused, ReasonIs("RECORDS_BREAK_DEFINITION"));
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("5 of 5"));
  ASSERT_OK(Change(a_, "code", [](FieldDefinition& field) { field.indexed = true; }));
  ASSERT_OK_AND_ASSIGN(const int64_t pages, Builder(500).RunOnce());
  EXPECT_EQ(pages, 5);
  EXPECT_EQ(Count("tenant_data.record_index"), 5);
}

TEST_F(IndexBuilderTest, WhatIsWrittenBesideABuildIsIndexedOnce) {
  ASSERT_OK_AND_ASSIGN(const RecordId early, Create(a_, {{"note", "old"}}));
  ASSERT_OK(Create(a_, {{"note", "kept"}}));
  ASSERT_OK(Change(a_, "note", [](FieldDefinition& field) { field.indexed = true; }));
  // Under the new version, before the build looks at anything.
  rules_a_ = *RuleTable::Compile(*Current(a_));
  ASSERT_OK(SetNote(a_, early, 1, "new"));
  ASSERT_OK(Create(a_, {{"note", "late"}}));
  ASSERT_OK(Builder(500).RunOnce());
  EXPECT_EQ(test_->QueryValue("SELECT string_agg(v_text, ',' ORDER BY v_text) "
                              "FROM tenant_data.record_index i JOIN tenant_data.records r "
                              "USING (tenant_id, record_id)"),
            "kept,late,new");
}

TEST_F(IndexBuilderTest, AWriterUnderTheOldDefinitionIsTurnedBack) {
  ASSERT_OK(Change(a_, "note", [](FieldDefinition& field) { field.indexed = true; }));
  EXPECT_THAT(Create(a_, {{"note", "x"}}), ReasonIs("DEFINITION_CHANGED"));
  rules_a_ = *RuleTable::Compile(*Current(a_));
  EXPECT_OK(Create(a_, {{"note", "x"}}));
}

TEST_F(IndexBuilderTest, NoRecordIsMissedHoweverTheChangeMeetsItsWriters) {
  const auto old = rules_a_;
  std::atomic<int> written = 0;
  std::atomic<bool> failed = false;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      absl::Status status;
      while (status.ok() && !failed) {
        status =
            writer().Create(Call(a_), *old, Record(*old, {{"note", "x"}}), std::nullopt).status();
        if (status.ok()) ++written;
      }
      EXPECT_EQ(ReasonOf(status), "DEFINITION_CHANGED");
    });
  }
  while (written < 20) std::this_thread::yield();
  const auto changed = Change(a_, "note", [](FieldDefinition& field) { field.indexed = true; });
  failed = !changed.ok();
  const auto built = Builder(7).RunOnce();
  for (std::thread& one : writers) one.join();
  ASSERT_OK(changed);
  ASSERT_OK(built);
  EXPECT_EQ(Count("tenant_data.records"), written);
  EXPECT_EQ(Count("tenant_data.record_index"), written);
}

TEST_F(IndexBuilderTest, UniqueValuesAreTakenForTheRecordsThereAre) {
  ASSERT_OK(Create(a_, {{"note", "one"}}));
  ASSERT_OK(Create(a_, {{"note", "two"}}));
  ASSERT_OK(Change(a_, "note", [](FieldDefinition& field) { field.unique = true; }));
  ASSERT_OK(Builder(500).RunOnce());
  EXPECT_EQ(StateOf(a_, kNote), IndexState::kReady);
  rules_a_ = *RuleTable::Compile(*Current(a_));
  EXPECT_THAT(Create(a_, {{"note", "two"}}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(Create(a_, {{"note", "three"}}));
}

TEST_F(IndexBuilderTest, AValueTakenWhileUniqueIsBuiltIsReportedAndCanBePutRight) {
  ASSERT_OK_AND_ASSIGN(const RecordId old, Create(a_, {{"note", "same"}}));
  ASSERT_OK(Change(a_, "note", [](FieldDefinition& field) { field.unique = true; }));
  rules_a_ = *RuleTable::Compile(*Current(a_));
  ASSERT_OK_AND_ASSIGN(const RecordId late, Create(a_, {{"note", "same"}}));
  ASSERT_OK(Builder(500).RunOnce());
  ASSERT_OK_AND_ASSIGN(const CollectionDefinition found, Current(a_));
  EXPECT_EQ(found.fields[kNote].index_state, IndexState::kConflicts);
  EXPECT_THAT(found.fields[kNote].conflicts, ::testing::ElementsAre(std::max(old, late)));

  ASSERT_OK(SetNote(a_, std::max(old, late), 1, "other"));
  DefinitionWriter writer(*database_, outbox_, Clock::Real());
  ASSERT_OK(writer.Rebuild(Call(a_), "countries", "note"));
  ASSERT_OK(Builder(500).RunOnce());
  EXPECT_EQ(StateOf(a_, kNote), IndexState::kReady);
  EXPECT_THAT(writer.Rebuild(Call(a_), "countries", "iban"), ReasonIs("NOT_INDEXED"));
  EXPECT_THAT(writer.Rebuild(Call(a_), "countries", "nope"), ReasonIs("NOT_FOUND"));
}

TEST_F(IndexBuilderTest, DecimalsThatGrewStandScaledAnew) {
  for (int i = 0; i < 3; ++i) ASSERT_OK(Create(a_, {{"population", absl::StrCat(i)}}));
  ASSERT_OK(Change(a_, "population", [](FieldDefinition& field) {
    field.type = FieldType::kDecimal;
    field.scale = 2;
  }));
  ASSERT_OK(Builder(2).RunOnce());
  EXPECT_EQ(test_->QueryValue("SELECT string_agg(v_int::text, ',' ORDER BY v_int) "
                              "FROM tenant_data.record_index"),
            "0,100,200");
}

TEST_F(IndexBuilderTest, ASuspendedTenantWaitsAndTheOthersAreBuilt) {
  for (const TenantId tenant : {a_, b_}) {
    ASSERT_OK(Create(tenant, {{"note", "x"}}));
    ASSERT_OK(Change(tenant, "note", [](FieldDefinition& field) { field.indexed = true; }));
  }
  const std::string suspend = absl::StrCat(" WHERE tenant_id = '", a_.uuid().ToString(), "'");
  test_->Execute("UPDATE core.tenants SET state = 'suspended'" + suspend);
  ASSERT_OK(Builder(500).RunOnce());
  EXPECT_EQ(StateOf(b_, kNote), IndexState::kReady);
  test_->Execute("UPDATE core.tenants SET state = 'active'" + suspend);
  EXPECT_EQ(StateOf(a_, kNote), IndexState::kBuilding);
  ASSERT_OK(Builder(500).RunOnce());
  EXPECT_EQ(StateOf(a_, kNote), IndexState::kReady);
}

TEST_F(IndexBuilderTest, NoTenantsBuildsKeepAnothersWaiting) {
  ASSERT_OK(Create(b_, {{"note", "x"}}));
  ASSERT_OK(Change(b_, "note", [](FieldDefinition& field) { field.indexed = true; }));
  BeginMany(a_);
  const std::string of_a = absl::StrCat("tenant_id = '", a_.uuid().ToString(), "'");
  test_->Execute("UPDATE core.tenants SET state = 'suspended' WHERE " + of_a);
  ASSERT_OK(Builder(500).RunOnce(/*max_pages=*/1));
  EXPECT_EQ(StateOf(b_, kNote), IndexState::kReady);
  test_->Execute("UPDATE core.tenants SET state = 'active' WHERE " + of_a);

  // As one that was deleted by a version that let its builds stand.
  test_->Execute("UPDATE tenant_data.collections SET deleted_at = now() WHERE " + of_a);
  ASSERT_OK(Change(b_, "note", [](FieldDefinition& field) { field.unique = true; }));
  ASSERT_OK(Builder(500).RunOnce());
  EXPECT_EQ(StateOf(b_, kNote), IndexState::kReady);
  EXPECT_EQ(Count("tenant_data.field_indexes WHERE due_at <= now() AND " + of_a), 0);
}

TEST_F(IndexBuilderTest, ADeletedCollectionsBuildsWaitUntilItComesBack) {
  ASSERT_OK(Create(a_, {{"note", "x"}}));
  ASSERT_OK(Change(a_, "note", [](FieldDefinition& field) { field.indexed = true; }));
  DefinitionWriter writer(*database_, outbox_, Clock::Real());
  ASSERT_OK_AND_ASSIGN(
      const CollectionDefinition deleted,
      writer.Delete(Call(a_), "countries", Current(a_)->revision, /*with_records=*/true));
  ASSERT_OK_AND_ASSIGN(const int64_t tries, Builder(500).RunOnce());
  EXPECT_EQ(tries, 0);
  ASSERT_OK(writer.Undelete(Call(a_), "countries", deleted.revision));
  ASSERT_OK(Builder(500).RunOnce());
  EXPECT_EQ(StateOf(a_, kNote), IndexState::kReady);
}

}  // namespace
}  // namespace kasbah::tenantdata
