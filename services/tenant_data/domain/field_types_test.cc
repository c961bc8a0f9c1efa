// What fields of the newer types take, and defaults.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/tenant_data/domain/validation.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

FieldDefinition Field(const std::string& key, FieldType type) {
  FieldDefinition field;
  field.id = FieldId::New(absl::Now());
  field.key = key;
  field.type = type;
  return field;
}

std::shared_ptr<const RuleTable> Compile(std::vector<FieldDefinition> fields) {
  CollectionDefinition collection;
  collection.fields = std::move(fields);
  return *RuleTable::Compile(std::move(collection));
}

Value Text(const std::string& text) {
  Value value;
  value.set_string_value(text);
  return value;
}
Value Texts(const std::vector<std::string>& texts) {
  Value value;
  auto* list = value.mutable_list_value();
  for (const std::string& text : texts) *list->add_values() = Text(text);
  return value;
}
Struct Values(std::vector<std::pair<std::string, Value>> values) {
  Struct object;
  for (auto& [key, value] : values) (*object.mutable_fields())[key] = value;
  return object;
}

// Rules that a value of one field breaks.
std::vector<std::string> RulesBroken(const FieldDefinition& field, const Value& value) {
  std::vector<std::string> rules;
  const Validation checked = ValidateNew(*Compile({field}), Values({{field.key, value}}));
  for (const Violation& violation : checked.violations) rules.push_back(violation.rule);
  return rules;
}
std::string Kept(const FieldDefinition& field, const Value& value) {
  return ValidateNew(*Compile({field}), Values({{field.key, value}})).valid.data;
}

TEST(LongText, AMegabyteIsTheMost) {
  const FieldDefinition field = Field("body", FieldType::kLongText);
  EXPECT_THAT(RulesBroken(field, Text(std::string(1024 * 1024, 'x'))), IsEmpty());
  EXPECT_THAT(RulesBroken(field, Text(std::string(1024 * 1024 + 1, 'x'))), ElementsAre("MAX"));
  EXPECT_THAT(RulesBroken(Field("body", FieldType::kText), Text(std::string(1024 * 1024, 'x'))),
              ElementsAre("MAX"));
}

TEST(LongText, TwoMegabytesAreTheMostOfARecord) {
  const auto rules = Compile({Field("a", FieldType::kLongText), Field("b", FieldType::kLongText)});
  const Value large = Text(std::string(1024 * 1024, 'x'));
  const Validation checked = ValidateNew(*rules, Values({{"a", large}, {"b", large}}));
  ASSERT_EQ(checked.violations.size(), 1u);
  EXPECT_EQ(checked.violations[0].field, "values");
}

TEST(LongText, APatternThatWouldNeverEndElsewhereTakesLinearTime) {
  FieldDefinition field = Field("body", FieldType::kLongText);
  field.pattern = "(a|a?)+(a+)+(a*)*b";
  EXPECT_THAT(RulesBroken(field, Text(std::string(1024 * 1024, 'a'))), ElementsAre("PATTERN"));
}

TEST(DeepJson, IsNoValueOfAnyType) {
  Value deep = Text("x");
  for (int i = 0; i < 90; ++i) {
    Value outer;
    *outer.mutable_list_value()->add_values() = std::move(deep);
    deep = std::move(outer);
  }
  for (int type = 1; type <= static_cast<int>(FieldType::kFile); ++type) {
    FieldDefinition field = Field("f", static_cast<FieldType>(type));
    field.choices = {"x"};
    EXPECT_EQ(RulesBroken(field, deep).size(), 1u) << type;
  }
}

TEST(RichText, ARequestsHtmlHasOneTimeForAllOfIt) {
  const auto rules = Compile({Field("body", FieldType::kRichText)});
  // Its own bound would let each of them pass.
  std::string tangle = "<p ";
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&tangle, "a", i, " ");
  const Struct values = Values({{"body", Text(tangle + ">x")}});
  ParsingTime time(1'000'000);
  bool is_refused = false;
  for (int i = 0; i < 10'000 && !is_refused; ++i) {
    is_refused = !ValidateNew(*rules, values, &time).violations.empty();
  }
  EXPECT_TRUE(is_refused);
  EXPECT_EQ(time.left(), 0);
  EXPECT_THAT(ValidateNew(*rules, values).violations, IsEmpty());
}

TEST(RichText, IsKeptSanitisedAndCountedAsItIsRead) {
  FieldDefinition field = Field("body", FieldType::kRichText);
  EXPECT_EQ(Kept(field, Text("<p onclick=x>a<script>b</script>")), R"({"body":"<p>a</p>"})");
  field.max = 3;
  EXPECT_THAT(RulesBroken(field, Text("<p><b>a</b>&amp;c</p>")), IsEmpty());
  EXPECT_THAT(RulesBroken(field, Text("<p>abcd</p>")), ElementsAre("MAX"));
}

TEST(MultiChoice, IsASetInTheOrderOfTheDefinition) {
  FieldDefinition field = Field("tags", FieldType::kMultiChoice);
  field.choices = {"red", "green", "blue"};
  EXPECT_EQ(Kept(field, Texts({"blue", "red", "blue"})), R"({"tags":["red","blue"]})");
  EXPECT_EQ(Kept(field, Texts({})), R"({"tags":[]})");
  EXPECT_THAT(RulesBroken(field, Texts({"red", "pink"})), ElementsAre("CHOICE"));
  EXPECT_THAT(RulesBroken(field, Text("red")), ElementsAre("TYPE"));
  field.min = 2;
  EXPECT_THAT(RulesBroken(field, Texts({"red", "red"})), ElementsAre("MIN"));
}

TEST(References, AreIdsOfTheirKind) {
  const std::string record = RecordId::New(absl::Now()).ToString();
  const std::string secret = SecretId::New(absl::Now()).ToString();
  const std::string file = FileId::New(absl::Now()).ToString();
  FieldDefinition owner = Field("owner", FieldType::kReference);
  owner.reference = CollectionId::New(absl::Now());
  EXPECT_THAT(RulesBroken(owner, Text(record)), IsEmpty());
  EXPECT_THAT(RulesBroken(owner, Text(secret)), ElementsAre("TYPE"));
  EXPECT_THAT(RulesBroken(Field("key", FieldType::kSecretReference), Text(secret)), IsEmpty());
  EXPECT_THAT(RulesBroken(Field("key", FieldType::kSecretReference), Text("hunter2")),
              ElementsAre("TYPE"));
  EXPECT_THAT(RulesBroken(Field("scan", FieldType::kFile), Text(file)), IsEmpty());
  EXPECT_THAT(RulesBroken(Field("scan", FieldType::kFile), Text("../x")), ElementsAre("TYPE"));
  const Validation scanned =
      ValidateNew(*Compile({Field("scan", FieldType::kFile)}), Values({{"scan", Text(file)}}));
  ASSERT_EQ(scanned.valid.files.size(), 1u);
  EXPECT_EQ(scanned.valid.files[0].file.ToString(), file);
  const Validation checked = ValidateNew(*Compile({owner}), Values({{"owner", Text(record)}}));
  ASSERT_EQ(checked.valid.references.size(), 1u);
  EXPECT_EQ(checked.valid.references[0].collection, owner.reference);
}

TEST(Default, FillsWhatANewRecordDoesNotSay) {
  FieldDefinition state = Field("state", FieldType::kText);
  state.default_value = Text("open");
  state.indexed = true;
  const auto rules = Compile({state});
  const Validation made = ValidateNew(*rules, Struct());
  EXPECT_EQ(made.valid.data, R"({"state":"open"})");
  ASSERT_EQ(made.valid.index.size(), 1u);
  Value null;
  null.set_null_value({});
  EXPECT_EQ(ValidateNew(*rules, Values({{"state", null}})).valid.data, "{}");
  // A change leaves a record without what it never had, unless it has to have it.
  EXPECT_EQ(ValidateChange(*rules, Struct(), {}, Struct()).valid.data, "{}");
  state.required = true;
  const auto required = Compile({state});
  EXPECT_EQ(ValidateChange(*required, Struct(), {}, Struct()).valid.data, R"({"state":"open"})");
  EXPECT_EQ(ValidateChange(*required, Struct(), {}, Values({{"state", null}})).violations.size(),
            1u);
}

TEST(Sensitive, ValuesAreNamedToBeWithheld) {
  FieldDefinition salary = Field("salary", FieldType::kInteger);
  salary.sensitive = true;
  const auto rules = Compile({salary, Field("name", FieldType::kText)});
  const Validation checked =
      ValidateNew(*rules, Values({{"salary", Text("1")}, {"name", Text("x")}}));
  EXPECT_THAT(checked.valid.withheld, ElementsAre("salary"));
}

}  // namespace
}  // namespace kasbah::tenantdata
