#include "services/tenant_data/domain/field_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/strings.h"
#include "services/tenant_data/domain/rule_table.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

FieldDefinition Field(const std::string& key, FieldType type) {
  FieldDefinition field;
  field.key = key;
  field.type = type;
  return field;
}

std::vector<std::string> PathsOf(const std::vector<FieldDefinition>& fields,
                                 const std::vector<GroupDefinition>& groups = {}) {
  CollectionDefinition collection;
  collection.key = "countries";
  collection.fields = fields;
  collection.groups = groups;
  std::vector<std::string> paths;
  for (const Violation& violation : CheckDefinition(collection)) paths.push_back(violation.field);
  return paths;
}

GroupDefinition Group(const std::string& key) {
  GroupDefinition group;
  group.key = key;
  return group;
}

google::protobuf::Value Text(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  return value;
}

TEST(CheckDefinition, AGoodDefinitionPasses) {
  FieldDefinition code = Field("alpha_2", FieldType::kText);
  code.required = code.unique = code.indexed = true;
  code.pattern = "[A-Z]{2}";
  FieldDefinition price = Field("price", FieldType::kDecimal);
  price.scale = 9;
  price.min = 0;
  FieldDefinition kind = Field("kind", FieldType::kChoice);
  kind.choices = {"a", "b"};
  EXPECT_THAT(PathsOf({code, price, kind, Field("born", FieldType::kDate)}), IsEmpty());
}

TEST(CheckDefinition, SealedFieldsCannotBeUniqueOrIndexed) {
  FieldDefinition field = Field("iban", FieldType::kText);
  field.sealed = field.unique = field.indexed = true;
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].unique", "fields[0].indexed"));
}

TEST(CheckDefinition, ReportsEverythingAtOnce) {
  FieldDefinition bad = Field("Bad", FieldType::kUnspecified);
  bad.pattern = "a";
  FieldDefinition text = Field("text", FieldType::kText);
  text.min = 5;
  text.max = 4;
  text.pattern = "(";
  text.choices = {"x"};
  text.scale = 2;
  FieldDefinition choice = Field("text", FieldType::kChoice);
  EXPECT_THAT(PathsOf({bad, text, choice}),
              ElementsAre("fields[0].key", "fields[0].type", "fields[0].pattern", "fields[1].max",
                          "fields[1].pattern", "fields[1].choices", "fields[1].scale",
                          "fields[2].choices", "fields[2].key"));
}

TEST(CheckDefinition, PatternsThatNeedTooMuchMemoryAreRefused) {
  FieldDefinition field = Field("text", FieldType::kText);
  field.pattern = "((a{100}){100}){100}";
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].pattern"));
  field.pattern = "[\\p{L}\\p{N}]{1,900}";
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].pattern"));
  // Before it is large, not because it is.
  EXPECT_EQ(CompilePattern(field.pattern), nullptr);
  field.pattern = "[A-Za-z0-9]{1,200}";
  EXPECT_THAT(PathsOf({field}), IsEmpty());
}

TEST(CheckDefinition, BoundsHoldForNumbersAndTextAlone) {
  FieldDefinition date = Field("born", FieldType::kDate);
  date.min = date.max = 1;
  FieldDefinition text = Field("text", FieldType::kText);
  text.min = -1;
  text.max = 0;
  EXPECT_THAT(PathsOf({date, text}),
              ElementsAre("fields[0].min", "fields[0].max", "fields[1].min", "fields[1].max"));
}

TEST(CheckDefinition, ChoicesDiffer) {
  FieldDefinition field = Field("kind", FieldType::kChoice);
  field.choices = {"a", "a"};
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].choices"));
}

TEST(CheckDefinition, AThousandFieldsAreTheMost) {
  std::vector<FieldDefinition> fields;
  for (int i = 0; i < 1000; ++i) fields.push_back(Field(StrCat("f", i), FieldType::kText));
  EXPECT_THAT(PathsOf(fields), IsEmpty());
  fields.push_back(Field("more", FieldType::kText));
  EXPECT_THAT(PathsOf(fields), ElementsAre("fields"));
  EXPECT_THAT(PathsOf({}), ElementsAre("fields"));
}

TEST(CheckDefinition, PatternsAreBoundedTogetherAsWell) {
  std::vector<FieldDefinition> fields;
  for (int i = 0; i < 200; ++i) {
    fields.push_back(Field(StrCat("f", i), FieldType::kText));
    fields.back().pattern = "(?:[a-z]{1,90}[0-9]{1,90}){1,3}";
  }
  EXPECT_FALSE(PathsOf(fields).empty());
  fields.resize(10);
  EXPECT_THAT(PathsOf(fields), IsEmpty());
}

TEST(CheckDefinition, GroupsAreNamedByTheirFields) {
  FieldDefinition field = Field("iban", FieldType::kText);
  field.group = "bank";
  EXPECT_THAT(PathsOf({field}, {Group("bank")}), IsEmpty());
  EXPECT_THAT(PathsOf({field}, {Group("home"), Group("home"), Group("No")}),
              ElementsAre("groups[1].key", "groups[2].key", "fields[0].group"));
}

TEST(CheckDefinition, SearchableIsForSealedFieldsOfManyValues) {
  FieldDefinition field = Field("iban", FieldType::kText);
  field.searchable = true;
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].searchable"));
  field.sealed = true;
  EXPECT_THAT(PathsOf({field}), IsEmpty());
  field.max = 3;
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].searchable"));
  for (const FieldType type :
       {FieldType::kBoolean, FieldType::kChoice, FieldType::kMultiChoice, FieldType::kInteger}) {
    FieldDefinition few = Field("few", type);
    few.sealed = few.searchable = true;
    if (type == FieldType::kChoice || type == FieldType::kMultiChoice) few.choices = {"a"};
    if (type == FieldType::kInteger) {
      few.min = 0;
      few.max = 999;
    }
    EXPECT_THAT(PathsOf({few}), ElementsAre("fields[0].searchable"));
  }
}

TEST(CheckDefinition, SearchableNumbersHaveBoundsThatAreFarApart) {
  FieldDefinition number = Field("number", FieldType::kInteger);
  number.sealed = number.searchable = true;
  EXPECT_THAT(PathsOf({number}), ElementsAre("fields[0].searchable"));
  number.max = 999'999;
  EXPECT_THAT(PathsOf({number}), ElementsAre("fields[0].searchable"));
  number.min = 1;
  EXPECT_THAT(PathsOf({number}), ElementsAre("fields[0].searchable"));
  number.min = 0;
  EXPECT_THAT(PathsOf({number}), IsEmpty());
  number.type = FieldType::kDecimal;
  number.scale = 2;
  number.max = 9'999;
  EXPECT_THAT(PathsOf({number}), IsEmpty());
}

TEST(CheckDefinition, SearchableIsNotForDatesNorForTextsThatAPatternMayKeepShort) {
  FieldDefinition born = Field("born", FieldType::kDate);
  born.sealed = born.searchable = true;
  EXPECT_THAT(PathsOf({born}), ElementsAre("fields[0].searchable"));
  for (const char* pattern : {"[MF]", "[A-Z]{2}", "CH[0-9]{19}"}) {
    FieldDefinition text = Field("text", FieldType::kText);
    text.sealed = text.searchable = true;
    text.pattern = pattern;
    EXPECT_THAT(PathsOf({text}), ElementsAre("fields[0].searchable")) << pattern;
    text.min = 5;
    EXPECT_THAT(PathsOf({text}), ElementsAre("fields[0].searchable")) << pattern;
    text.min = 6;
    EXPECT_THAT(PathsOf({text}), IsEmpty()) << pattern;
  }
}

TEST(CheckDefinition, IndexedOrdersAreOtherIndexedFields) {
  FieldDefinition state = Field("state", FieldType::kText);
  FieldDefinition rank = Field("rank", FieldType::kInteger);
  const FieldDefinition plain = Field("plain", FieldType::kText);
  state.indexed = rank.indexed = true;
  state.indexed_orders = {"rank"};
  rank.indexed_orders = {"state"};
  EXPECT_THAT(PathsOf({state, rank}), IsEmpty());
  state.indexed_orders = {"rank", "plain", "state", "none", "rank"};
  EXPECT_THAT(PathsOf({state, rank, plain}),
              ElementsAre("fields[0].indexed_orders[1]", "fields[0].indexed_orders[2]",
                          "fields[0].indexed_orders[3]", "fields[0].indexed_orders[4]"));
  state.indexed = false;
  state.indexed_orders = {"rank"};
  EXPECT_THAT(PathsOf({rank, state}),
              ElementsAre("fields[0].indexed_orders[0]", "fields[1].indexed_orders"));
}

TEST(CheckDefinition, IndexedOrdersAreBoundedTogether) {
  std::vector<FieldDefinition> fields;
  for (int i = 0; i < 18; ++i) {
    fields.push_back(Field(StrCat("f", i), FieldType::kText));
    fields.back().indexed = true;
  }
  for (int i = 1; i <= 16; ++i) {
    for (FieldDefinition* field : {&fields[0], &fields[17]}) {
      field->indexed_orders.push_back(StrCat("f", i));
    }
  }
  EXPECT_THAT(PathsOf(fields), IsEmpty());
  fields[5].indexed_orders = {"f6"};
  EXPECT_THAT(PathsOf(fields), ElementsAre("fields[17].indexed_orders"));
}

TEST(CheckDefinition, ADefaultHoldsToTheFieldsOwnRules) {
  FieldDefinition field = Field("code", FieldType::kText);
  field.max = 2;
  field.default_value = Text("CH");
  EXPECT_THAT(PathsOf({field}), IsEmpty());
  field.default_value = Text("CHE");
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].default_value"));
  field.default_value = Text("CH");
  field.unique = true;
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].default_value"));
  field.unique = false;
  field.sealed = true;
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].default_value"));
}

TEST(CheckDefinition, WhatJsonCannotBe) {
  FieldDefinition field = Field("config", FieldType::kJson);
  EXPECT_THAT(PathsOf({field}), IsEmpty());
  field.sealed = true;
  EXPECT_THAT(PathsOf({field}), IsEmpty());
  field.searchable = true;
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].searchable"));
  field.sealed = field.searchable = false;
  field.unique = field.indexed = true;
  field.pattern = "x";
  field.max = 1;
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].max", "fields[0].pattern",
                                            "fields[0].unique", "fields[0].indexed"));
  FieldDefinition filled = Field("config", FieldType::kJson);
  google::protobuf::Value value;
  (*value.mutable_struct_value()->mutable_fields())["retries"].set_number_value(3);
  filled.default_value = value;
  EXPECT_THAT(PathsOf({filled}), IsEmpty());
  (*value.mutable_struct_value()->mutable_fields())["api_token"].set_number_value(3);
  filled.default_value = value;
  EXPECT_THAT(PathsOf({filled}), ElementsAre("fields[0].default_value"));
}

TEST(CheckDefinition, WhatLongTextsAndReferencesCannotBe) {
  FieldDefinition text = Field("text", FieldType::kRichText);
  text.indexed = text.unique = true;
  FieldDefinition sealed = Field("body", FieldType::kLongText);
  sealed.sealed = true;
  FieldDefinition nowhere = Field("owner", FieldType::kReference);
  FieldDefinition named = Field("name", FieldType::kText);
  named.reference_name = "countries";
  EXPECT_THAT(PathsOf({text, sealed, nowhere, named}),
              ElementsAre("fields[0].unique", "fields[0].indexed", "fields[1].sealed",
                          "fields[2].reference_collection", "fields[3].reference_collection"));
}

}  // namespace
}  // namespace kasbah::tenantdata
