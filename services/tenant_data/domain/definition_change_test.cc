#include "services/tenant_data/domain/definition_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "services/tenant_data/domain/paired_index.h"
#include "services/tenant_data/domain/record_check.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

FieldDefinition Field(const std::string& key, FieldType type) {
  FieldDefinition field;
  field.key = key;
  field.type = type;
  return field;
}

// A collection as it stands in the database.
CollectionDefinition Stored(std::vector<FieldDefinition> fields) {
  CollectionDefinition collection;
  collection.id = CollectionId::New(absl::Now());
  collection.key = "things";
  collection.schema_version = 4;
  collection.revision = 9;
  for (FieldDefinition& field : fields) field.id = FieldId::New(absl::Now());
  collection.fields = std::move(fields);
  return collection;
}

CollectionDefinition Asked(std::vector<FieldDefinition> fields) {
  CollectionDefinition collection;
  collection.fields = std::move(fields);
  return collection;
}

std::vector<std::string> Refusals(const FieldDefinition& from, const FieldDefinition& to) {
  std::vector<std::string> paths;
  for (const auto& violation : PlanChange(Stored({from}), Asked({to}), absl::Now()).violations) {
    paths.push_back(violation.field);
  }
  return paths;
}

TEST(PlanChange, MakesTheNextVersionAndKeepsIds) {
  const CollectionDefinition now = Stored({Field("a", FieldType::kText)});
  FieldDefinition renamed = Field("a", FieldType::kText);
  renamed.display_name = "A";
  const DefinitionChange change =
      PlanChange(now, Asked({renamed, Field("b", FieldType::kText)}), absl::Now());
  EXPECT_EQ(change.next.schema_version, 5u);
  EXPECT_EQ(change.next.revision, 10u);
  EXPECT_EQ(change.next.key, "things");
  EXPECT_EQ(change.next.fields[0].id, now.fields[0].id);
  EXPECT_EQ(change.next.fields[0].revision, 2);
  EXPECT_FALSE(change.next.fields[1].id.is_nil());
  ASSERT_EQ(change.fields.size(), 2u);
  EXPECT_EQ(change.fields[0].verb, "updated");
  EXPECT_EQ(change.fields[1].verb, "created");
  EXPECT_THAT(change.demands, IsEmpty());
}

TEST(PlanChange, TheSameDefinitionChangesNothing) {
  const CollectionDefinition now =
      Stored({Field("a", FieldType::kText), Field("b", FieldType::kText)});
  EXPECT_FALSE(PlanChange(now, Asked({Field("a", FieldType::kText), Field("b", FieldType::kText)}),
                          absl::Now())
                   .changes_schema);
  EXPECT_TRUE(PlanChange(now, Asked({Field("b", FieldType::kText), Field("a", FieldType::kText)}),
                         absl::Now())
                  .changes_schema);
}

TEST(PlanChange, AFieldThatIsLeftOutIsRetiredAndCanComeBack) {
  const CollectionDefinition now =
      Stored({Field("a", FieldType::kText), Field("b", FieldType::kInteger)});
  const DefinitionChange gone = PlanChange(now, Asked({Field("a", FieldType::kText)}), absl::Now());
  ASSERT_EQ(gone.next.retired.size(), 1u);
  EXPECT_EQ(gone.next.retired[0].id, now.fields[1].id);
  EXPECT_EQ(gone.fields[0].verb, "deleted");
  FieldDefinition again = Field("b", FieldType::kInteger);
  again.indexed = true;
  const DefinitionChange back =
      PlanChange(gone.next, Asked({Field("a", FieldType::kText), again}), absl::Now());
  EXPECT_EQ(back.next.fields[1].id, now.fields[1].id);
  EXPECT_THAT(back.next.retired, IsEmpty());
  EXPECT_THAT(back.to_build, ElementsAre(now.fields[1].id));
  // Its key is nobody else's.
  const DefinitionChange other = PlanChange(
      gone.next, Asked({Field("a", FieldType::kText), Field("b", FieldType::kText)}), absl::Now());
  ASSERT_EQ(other.violations.size(), 1u);
  EXPECT_EQ(other.violations[0].field, "fields[1].type");
}

TEST(PlanChange, TypesWidenAndNeverNarrow) {
  FieldDefinition choice = Field("f", FieldType::kChoice);
  choice.choices = {"a"};
  for (const FieldType to : {FieldType::kText, FieldType::kLongText}) {
    EXPECT_THAT(Refusals(choice, Field("f", to)), IsEmpty());
    EXPECT_THAT(Refusals(Field("f", FieldType::kEmail), Field("f", to)), IsEmpty());
  }
  EXPECT_THAT(Refusals(Field("f", FieldType::kInteger), Field("f", FieldType::kDecimal)),
              IsEmpty());
  for (const auto& [from, to] :
       std::vector<std::pair<FieldType, FieldType>>{{FieldType::kLongText, FieldType::kText},
                                                    {FieldType::kText, FieldType::kEmail},
                                                    {FieldType::kDecimal, FieldType::kInteger},
                                                    {FieldType::kDate, FieldType::kTimestamp},
                                                    {FieldType::kLongText, FieldType::kRichText},
                                                    {FieldType::kText, FieldType::kInteger}}) {
    EXPECT_THAT(Refusals(Field("f", from), Field("f", to)), ElementsAre("fields[0].type"));
  }
}

TEST(PlanChange, WhatCannotChangeIsNamed) {
  FieldDefinition price = Field("f", FieldType::kDecimal);
  price.scale = 2;
  EXPECT_THAT(Refusals(price, Field("f", FieldType::kDecimal)), ElementsAre("fields[0].scale"));
  FieldDefinition sealed = Field("f", FieldType::kText);
  sealed.sealed = true;
  EXPECT_THAT(Refusals(Field("f", FieldType::kText), sealed), ElementsAre("fields[0].sealed"));
  FieldDefinition shorter = sealed;
  shorter.max = 5;
  EXPECT_THAT(Refusals(sealed, shorter), ElementsAre("fields[0].sealed"));
  FieldDefinition reference = Field("f", FieldType::kReference);
  reference.reference = CollectionId::New(absl::Now());
  FieldDefinition elsewhere = reference;
  elsewhere.reference = CollectionId::New(absl::Now());
  EXPECT_THAT(Refusals(reference, elsewhere), ElementsAre("fields[0].reference_collection"));
}

TEST(PlanChange, APairOfFieldsIsBuiltWhereItIsNewOrItsValuesStandOtherwise) {
  FieldDefinition state = Field("state", FieldType::kText);
  FieldDefinition rank = Field("rank", FieldType::kInteger);
  state.indexed = rank.indexed = true;
  const CollectionDefinition now = Stored({state, rank});
  const FieldId pair = PairOf(now.fields[0].id, now.fields[1].id);
  state.indexed_orders = {"rank"};
  const DefinitionChange declared = PlanChange(now, Asked({state, rank}), absl::Now());
  EXPECT_TRUE(declared.changes_schema);
  EXPECT_THAT(declared.to_build, ElementsAre(pair));
  EXPECT_THAT(declared.next.fields[0].building_orders, ElementsAre("rank"));
  EXPECT_EQ(declared.fields.size(), 1u);

  // What is being built goes on, and what is ready is left alone.
  FieldDefinition named = rank;
  named.display_name = "Rank";
  DefinitionChange next = PlanChange(declared.next, Asked({state, named}), absl::Now());
  EXPECT_THAT(next.to_build, IsEmpty());
  EXPECT_THAT(next.next.fields[0].building_orders, ElementsAre("rank"));
  CollectionDefinition ready = declared.next;
  ready.fields[0].building_orders.clear();
  next = PlanChange(ready, Asked({state, named}), absl::Now());
  EXPECT_THAT(next.to_build, IsEmpty());
  EXPECT_THAT(next.next.fields[0].building_orders, IsEmpty());

  FieldDefinition scaled = Field("rank", FieldType::kDecimal);
  scaled.indexed = true;
  scaled.scale = 2;
  next = PlanChange(ready, Asked({state, scaled}), absl::Now());
  EXPECT_THAT(next.to_build, ElementsAre(now.fields[1].id, pair));
  EXPECT_THAT(next.next.fields[0].building_orders, ElementsAre("rank"));

  // Nobody has a value in a field that is new; one that comes back had some.
  FieldDefinition name = Field("name", FieldType::kText);
  name.indexed = true;
  name.indexed_orders = {"rank"};
  EXPECT_THAT(PlanChange(ready, Asked({state, rank, name}), absl::Now()).to_build, IsEmpty());
  const FieldDefinition without = [&] {
    FieldDefinition field = state;
    field.indexed_orders.clear();
    return field;
  }();
  EXPECT_THAT(PlanChange(ready, Asked({without, rank}), absl::Now()).to_build, ElementsAre(pair));
  const DefinitionChange retired =
      PlanChange(ready, Asked({Field("rank", FieldType::kInteger)}), absl::Now());
  EXPECT_THAT(PlanChange(retired.next, Asked({state, rank}), absl::Now()).to_build,
              UnorderedElementsAre(now.fields[0].id, now.fields[1].id, pair));
}

TEST(PlanChange, StricterRulesAskTheRecordsAndLooserOnesDoNot) {
  FieldDefinition loose = Field("f", FieldType::kText);
  loose.max = 10;
  const auto demands = [](const FieldDefinition& from, const FieldDefinition& to) {
    return PlanChange(Stored({from}), Asked({to}), absl::Now()).demands.size();
  };
  for (const auto& change : std::vector<std::function<void(FieldDefinition&)>>{
           [](auto& f) { f.required = true; }, [](auto& f) { f.unique = true; },
           [](auto& f) { f.max = 9; }, [](auto& f) { f.min = 1; }, [](auto& f) { f.pattern = "a"; },
           [](auto& f) { f.indexed = true; }}) {
    FieldDefinition strict = loose;
    change(strict);
    EXPECT_EQ(demands(loose, strict), 1u);
    EXPECT_EQ(demands(strict, loose), 0u);
  }
  FieldDefinition filled = loose;
  filled.required = true;
  filled.default_value.emplace().set_string_value("x");
  EXPECT_EQ(demands(loose, filled), 0u);
  // Without it they may no longer lack a value.
  FieldDefinition bare = filled;
  bare.default_value.reset();
  EXPECT_EQ(demands(filled, bare), 1u);
  EXPECT_EQ(demands(bare, bare), 0u);
}

TEST(PlanChange, AnIndexIsBuiltWhereItsFormChanges) {
  FieldDefinition plain = Field("f", FieldType::kInteger);
  FieldDefinition indexed = plain;
  indexed.indexed = true;
  EXPECT_EQ(PlanChange(Stored({plain}), Asked({indexed}), absl::Now()).to_build.size(), 1u);
  EXPECT_THAT(PlanChange(Stored({indexed}), Asked({plain}), absl::Now()).to_build, IsEmpty());
  FieldDefinition decimal = indexed;
  decimal.type = FieldType::kDecimal;
  decimal.scale = 2;
  const DefinitionChange change = PlanChange(Stored({indexed}), Asked({decimal}), absl::Now());
  EXPECT_EQ(change.to_build.size(), 1u);
  EXPECT_EQ(change.next.fields[0].index_state, IndexState::kBuilding);
}

TEST(PlanChange, GroupsHaveEventsOfTheirOwn) {
  CollectionDefinition now = Stored({Field("a", FieldType::kText)});
  now.groups = {{FieldGroupId::New(absl::Now()), "home", "", 1},
                {FieldGroupId::New(absl::Now()), "bank", "", 1}};
  CollectionDefinition asked = Asked({Field("a", FieldType::kText)});
  asked.groups.resize(2);
  asked.groups[0].key = "bank";
  asked.groups[0].display_name = "Bank";
  asked.groups[1].key = "work";
  const DefinitionChange change = PlanChange(now, asked, absl::Now());
  std::vector<std::string> events;
  for (const auto& event : change.groups) {
    events.push_back(std::string(event.verb) + " " + event.definition.key);
  }
  EXPECT_THAT(events, UnorderedElementsAre("updated bank", "created work", "deleted home"));
  EXPECT_EQ(change.next.groups[0].id, now.groups[1].id);
}

TEST(RecordCheck, CountsRecordsAndNamesTheFirstFaults) {
  FieldDefinition field = Field("code", FieldType::kText);
  FieldDefinition strict = field;
  strict.required = strict.unique = true;
  strict.max = 2;
  const DefinitionChange change = PlanChange(Stored({field}), Asked({strict}), absl::Now());
  const auto rules = *RuleTable::Compile(change.next);
  RecordCheck check(*rules, change.demands);
  std::vector<RecordId> ids;
  for (const char* code : {"CH", "DE", "CH", "USA", ""}) {
    google::protobuf::Struct values;
    if (*code != 0) (*values.mutable_fields())["code"].set_string_value(code);
    ids.push_back(RecordId::New(absl::Now()));
    check.Look(ids.back(), values, {});
  }
  EXPECT_EQ(check.checked(), 5u);
  EXPECT_EQ(check.breaking(), 3u);
  std::vector<std::string> rules_broken;
  for (const RecordFault& fault : check.faults()) rules_broken.push_back(fault.violation.rule);
  EXPECT_THAT(rules_broken, ElementsAre("UNIQUE", "MAX", "REQUIRED"));
  EXPECT_EQ(check.faults()[0].record, ids[2]);
  EXPECT_EQ(check.faults()[0].violation.field, "values.code");
}

TEST(RecordCheck, KeepsAHundredFaultsAndCountsTheRest) {
  FieldDefinition strict = Field("code", FieldType::kText);
  strict.required = true;
  const DefinitionChange change =
      PlanChange(Stored({Field("code", FieldType::kText)}), Asked({strict}), absl::Now());
  const auto rules = *RuleTable::Compile(change.next);
  RecordCheck check(*rules, change.demands);
  for (int i = 0; i < 250; ++i) check.Look(RecordId::New(absl::Now()), {}, {});
  EXPECT_EQ(check.faults().size(), 100u);
  EXPECT_EQ(check.breaking(), 250u);
}

}  // namespace
}  // namespace kasbah::tenantdata
