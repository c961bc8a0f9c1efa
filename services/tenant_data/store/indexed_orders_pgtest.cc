#include "services/tenant_data/domain/paired_index.h"
#include "services/tenant_data/store/record_list_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Lists of one value of a field in the order of another, by the index of both.
class IndexedOrdersTest : public RecordListTest {
 protected:
  // As name has one by population and by founded.
  void Declare(std::vector<std::string> orders = {"population", "founded"}) {
    ASSERT_OK(Change(a_, "name", [&](FieldDefinition& field) { field.indexed_orders = orders; }));
    Take();
  }
  // From now on as the collection stands.
  void Take() { rules_a_ = *RuleTable::Compile(*Current(a_)); }
  void Build() {
    ASSERT_OK(Builder(3).RunOnce());
    Take();
  }
  // The same collection as one that has no such index.
  std::shared_ptr<const RuleTable> Plain() {
    CollectionDefinition definition = rules_a_->collection();
    for (FieldDefinition& field : definition.fields) field.indexed_orders.clear();
    return *RuleTable::Compile(definition);
  }

  void Set(RecordId id, uint64_t version, const Values& values) {
    std::vector<FieldId> named;
    std::vector<std::string> keys;
    const auto stored = Get(Call(a_), id);
    ASSERT_OK(stored);
    google::protobuf::Struct changes = ToStruct(values);
    for (auto& [key, value] : *changes.mutable_fields()) {
      named.push_back(rules_a_->Find(key)->definition.id);
      keys.push_back(key);
      if (value.string_value().empty()) value.set_null_value({});
    }
    Validation checked = ValidateChange(*rules_a_, *ParseFlatObject(stored->data), {}, changes);
    ASSERT_THAT(checked.violations, IsEmpty());
    ASSERT_OK(writer().Update(
        Call(a_), *rules_a_,
        {id, version, std::nullopt, std::move(checked.valid), "", named, {}, keys}));
  }

  // Whatever is asked for, with the index and without it.
  void ExpectTheSameLists() {
    const auto plain = Plain();
    for (const char* filter :
         {"name = \"x\"", "name = \"y\"", "name = \"z\"", "name = \"x\" AND population >= 20",
          "population < 30 AND name = \"x\"", "name = \"x\" AND name = \"y\"",
          "name = \"x\" AND founded > \"2001-06-01T00:00:00Z\"", "name = \"x\" AND NOT founded:*",
          "(name = \"x\" OR name = \"y\") AND population > 0", "NOT name = \"x\"",
          "name = \"x\" AND (population = 10 OR population = 30)", "name = \"x*\"", ""}) {
      for (const char* order : {"population", "population desc", "founded", "founded desc", ""}) {
        for (const int64_t limit : {1, 3, 1000}) {
          EXPECT_EQ(List(filter, order, 1000, limit), List(Of(*plain, filter, order), 1000, limit))
              << filter << " by " << order << ", " << limit;
        }
      }
    }
  }
  int64_t Paired() { return Count("tenant_data.record_index WHERE pair_id IS NOT NULL"); }
};

TEST_F(IndexedOrdersTest, ListsAreTheSameAsWithout) {
  Make("of before", {{"name", "x"}, {"population", "20"}, {"founded", "2001-01-01T00:00:00Z"}});
  Make("other", {{"name", "y"}, {"population", "10"}, {"founded", "2002-01-01T00:00:00Z"}});
  Make("without founded", {{"name", "x"}, {"population", "30"}});
  Make("without population", {{"name", "x"}, {"founded", "2003-01-01T00:00:00Z"}});
  Make("without a name", {{"population", "30"}});
  Declare();
  EXPECT_EQ(Paired(), 0);
  ExpectTheSameLists();
  Build();
  EXPECT_EQ(Paired(), 6);
  ExpectTheSameLists();
  EXPECT_THAT(List("name = \"x\"", "population desc"),
              ElementsAre("without founded", "of before", "without population"));

  // And however records are written since.
  const RecordId changed =
      Make("changed", {{"name", "x"}, {"population", "10"}, {"founded", "2004-01-01T00:00:00Z"}});
  const RecordId deleted = Make("deleted", {{"name", "x"}, {"population", "20"}});
  std::vector<NewRecord> batch;
  for (const char* note : {"one of a batch", "another"}) {
    batch.push_back(Record(*rules_a_, {{"name", "x"}, {"population", "20"}, {"note", note}}));
  }
  ASSERT_OK(batches().Create(Call(a_), *rules_a_, std::nullopt, batch, std::nullopt, nullptr));
  EXPECT_EQ(Paired(), 6 + 2 + 1 + 2);
  ExpectTheSameLists();
  Set(changed, 1, {{"population", "40"}});
  ExpectTheSameLists();
  Set(changed, 2, {{"name", "y"}});
  ExpectTheSameLists();
  EXPECT_THAT(List("name = \"y\"", "population"), ElementsAre("other", "changed"));
  Set(changed, 3, {{"founded", ""}});
  ExpectTheSameLists();
  Set(changed, 4, {{"name", ""}});
  ExpectTheSameLists();
  EXPECT_EQ(
      Count(absl::StrCat("tenant_data.record_index WHERE pair_id IS NOT NULL AND record_id = '",
                         changed.uuid().ToString(), "'")),
      0);
  ASSERT_OK(writer().Delete(Call(a_), deleted, std::nullopt));
  EXPECT_EQ(Paired(), 6 + 2);
  ExpectTheSameLists();
}

TEST_F(IndexedOrdersTest, ARecordThatIsRestoredIsInItAgain) {
  Declare();
  Build();
  const Values values = {{"name", "x"}, {"population", "1"}};
  const RecordId id = Make("back", values);
  ASSERT_OK(writer().Delete(Call(a_), id, std::nullopt));
  EXPECT_EQ(Paired(), 0);
  Values all = values;
  all.emplace_back("note", "back");
  NewRecord again = Record(*rules_a_, all);
  ASSERT_OK(writer().Restore(Call(a_), *rules_a_,
                             {id, 2, std::nullopt, std::move(again.values), "", {}, {}, {}}));
  EXPECT_EQ(Paired(), 1);
  EXPECT_THAT(List("name = \"x\"", "population"), ElementsAre("back"));
}

// Not some other index that finds the same.
TEST_F(IndexedOrdersTest, ItIsWhatSuchAListIsReadFrom) {
  Declare();
  Build();
  Make("there", {{"name", "x"}, {"population", "1"}});
  EXPECT_THAT(List("name = \"x\" AND population > 0", "population"), ElementsAre("there"));
  test_->Execute("DELETE FROM tenant_data.record_index WHERE pair_id IS NOT NULL");
  EXPECT_THAT(List("name = \"x\" AND population > 0", "population"), IsEmpty());
  EXPECT_THAT(List("name >= \"x\"", "population"), ElementsAre("there"));
}

TEST_F(IndexedOrdersTest, ARecordStandsInItUnderItsOwnCustomer) {
  Declare();
  Build();
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  for (const auto& [note, customer] : {std::pair("one's", one), std::pair("two's", two)}) {
    ASSERT_OK(Create(a_, {{"name", "x"}, {"population", "1"}, {"note", note}}, customer));
  }
  Listing listing = Of("name = \"x\"", "population");
  EXPECT_THAT(List(listing, 1000, 10), ElementsAre("one's", "two's"));
  const CallContext call = Call(a_, one);
  ASSERT_OK_AND_ASSIGN(const ListedPage page,
                       database_->WithTenant(call, [&](postgres::Transaction& tx) {
                         return RecordList().Page(tx, call, listing, Cursor(), 10);
                       }));
  ASSERT_EQ(page.records.size(), 1u);
  EXPECT_EQ(NoteOf(page.records[0].record), "one's");
}

TEST_F(IndexedOrdersTest, UntilItIsBuiltListsGoAnotherWay) {
  Make("old", {{"name", "x"}, {"population", "2"}});
  Declare();
  EXPECT_THAT(Current(a_)->fields[1].building_orders, ElementsAre("population", "founded"));
  EXPECT_THAT(Of("name = \"x\"", "population").order.paired, IsEmpty());
  // Written beside the build.
  Make("new", {{"name", "x"}, {"population", "1"}});
  EXPECT_EQ(Paired(), 1);
  EXPECT_THAT(List("name = \"x\"", "population"), ElementsAre("new", "old"));
  Build();
  EXPECT_THAT(Current(a_)->fields[1].building_orders, IsEmpty());
  EXPECT_EQ(Of("name = \"x\"", "population").order.paired.size(), 1u);
  EXPECT_EQ(Paired(), 2);
  EXPECT_THAT(List("name = \"x\"", "population"), ElementsAre("new", "old"));
}

TEST_F(IndexedOrdersTest, WhatIsLeftOfOneThatWasGivenUpIsInNoList) {
  Declare();
  Build();
  const RecordId id = Make("moved", {{"name", "x"}, {"population", "1"}});
  const RecordId gone = Make("gone", {{"name", "x"}, {"population", "2"}});
  Declare({});
  Set(id, 1, {{"name", "y"}});
  Set(gone, 1, {{"population", ""}});
  EXPECT_EQ(Paired(), 2);
  Declare();
  // Before the build comes to it, by its next writer.
  Set(id, 2, {{"population", "3"}});
  EXPECT_EQ(Paired(), 2);
  Build();
  EXPECT_EQ(Paired(), 1);
  EXPECT_THAT(List("name = \"x\" AND population >= 0", "population"), IsEmpty());
  EXPECT_THAT(List("name = \"y\"", "population"), ElementsAre("moved"));
}

TEST_F(IndexedOrdersTest, OneThatWasGivenUpIsForgotten) {
  Declare();
  Build();
  for (int i = 0; i < 7; ++i) {
    Make("x", {{"name", "x"}, {"population", "1"}, {"founded", "2001-01-01T00:00:00Z"}});
  }
  EXPECT_EQ(Paired(), 14);
  Declare({"founded"});
  Build();
  EXPECT_EQ(Paired(), 7);
  EXPECT_EQ(List("name = \"x\"", "founded").size(), 7u);
  // With the field that it ordered by.
  CollectionDefinition without = *Current(a_);
  std::erase_if(without.fields, [](const FieldDefinition& one) { return one.key == "founded"; });
  without.fields[1].indexed_orders.clear();
  ASSERT_OK(DefinitionWriter(*database_, outbox_, Clock::Real())
                .Update(Call(a_), "countries", without.revision, without, /*validate_only=*/false));
  Build();
  EXPECT_EQ(Paired(), 0);
  EXPECT_EQ(Count("tenant_data.field_indexes WHERE state = 'building'"), 0);
}

// A value that nobody names may meet what is left of another time.
TEST_F(IndexedOrdersTest, ADefaultThatFillsInTakesThePlaceOfWhatIsLeft) {
  Declare({"population"});
  Build();
  const RecordId id = Make("x", {{"name", "x"}, {"population", "5"}});
  Declare({});
  Set(id, 1, {{"population", ""}});
  ASSERT_OK(Change(a_, "population", [](FieldDefinition& field) {
    field.required = true;
    field.default_value.emplace().set_number_value(7);
  }));
  Declare({"population"});
  Set(id, 2, {{"code", "c"}});
  EXPECT_EQ(Paired(), 1);
  Build();
  EXPECT_EQ(Paired(), 1);
  EXPECT_THAT(List("name = \"x\" AND population = 7", "population"), ElementsAre("x"));
}

TEST_F(IndexedOrdersTest, ItIsBuiltAnewWhereValuesStandOtherwise) {
  Declare();
  Build();
  for (int i = 0; i < 5; ++i) {
    Make(absl::StrCat(i), {{"name", "x"}, {"population", absl::StrCat(9 - i)}});
  }
  ASSERT_OK(Change(a_, "population", [](FieldDefinition& field) {
    field.type = FieldType::kDecimal;
    field.scale = 1;
  }));
  Take();
  EXPECT_THAT(rules_a_->collection().fields[1].building_orders, ElementsAre("population"));
  Build();
  Make("between", {{"name", "x"}, {"population", "7.5"}});
  EXPECT_THAT(List("name = \"x\"", "population"), ElementsAre("4", "3", "2", "between", "1", "0"));
  ExpectTheSameLists();
}

TEST_F(IndexedOrdersTest, ItIsBuiltAgainWithItsField) {
  Declare();
  Build();
  Make("lost", {{"name", "x"}, {"population", "1"}});
  test_->Execute("DELETE FROM tenant_data.record_index WHERE pair_id IS NOT NULL");
  DefinitionWriter definitions(*database_, outbox_, Clock::Real());
  ASSERT_OK_AND_ASSIGN(const CollectionDefinition rebuilt,
                       definitions.Rebuild(Call(a_), "countries", "name"));
  EXPECT_THAT(rebuilt.fields[1].building_orders, ElementsAre("population", "founded"));
  Build();
  EXPECT_THAT(List("name = \"x\"", "population"), ElementsAre("lost"));
  EXPECT_EQ(Paired(), 1);
  // And with the one that it is ordered by.
  test_->Execute("DELETE FROM tenant_data.record_index WHERE pair_id IS NOT NULL");
  ASSERT_OK_AND_ASSIGN(const CollectionDefinition other,
                       definitions.Rebuild(Call(a_), "countries", "population"));
  EXPECT_THAT(other.fields[1].building_orders, ElementsAre("population"));
  Build();
  EXPECT_EQ(Paired(), 1);
}

}  // namespace
}  // namespace kasbah::tenantdata
