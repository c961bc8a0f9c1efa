#include "services/tenant_data/domain/field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

std::vector<std::string> PathsOf(const std::vector<FieldDefinition>& fields) {
  std::vector<std::string> paths;
  for (const Violation& violation : CheckFields(fields)) paths.push_back(violation.field);
  return paths;
}

TEST(CheckFields, AGoodDefinitionPasses) {
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

TEST(CheckFields, SealedFieldsCannotBeUniqueOrIndexed) {
  FieldDefinition field = Field("iban", FieldType::kText);
  field.sealed = field.unique = field.indexed = true;
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].unique", "fields[0].indexed"));
}

TEST(CheckFields, ReportsEverythingAtOnce) {
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

TEST(CheckFields, PatternsThatNeedTooMuchMemoryAreRefused) {
  FieldDefinition field = Field("text", FieldType::kText);
  field.pattern = "((a{100}){100}){100}";
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].pattern"));
  field.pattern = "[\\p{L}\\p{N}]{1,900}";
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].pattern"));
  field.pattern = "[A-Za-z0-9]{1,200}";
  EXPECT_THAT(PathsOf({field}), IsEmpty());
}

TEST(CheckFields, BoundsHoldForNumbersAndTextAlone) {
  FieldDefinition date = Field("born", FieldType::kDate);
  date.min = date.max = 1;
  FieldDefinition text = Field("text", FieldType::kText);
  text.min = -1;
  text.max = 0;
  EXPECT_THAT(PathsOf({date, text}),
              ElementsAre("fields[0].min", "fields[0].max", "fields[1].min", "fields[1].max"));
}

TEST(CheckFields, ChoicesDiffer) {
  FieldDefinition field = Field("kind", FieldType::kChoice);
  field.choices = {"a", "a"};
  EXPECT_THAT(PathsOf({field}), ElementsAre("fields[0].choices"));
}

TEST(IsKey, TakesLowerCaseNamesAlone) {
  EXPECT_TRUE(IsKey("a"));
  EXPECT_TRUE(IsKey("alpha_2"));
  EXPECT_TRUE(IsKey(std::string(63, 'a')));
  for (const std::string& text : {std::string(""), std::string(64, 'a'), std::string("2a"),
                                  std::string("_a"), std::string("A"), std::string("a-b")}) {
    EXPECT_FALSE(IsKey(text)) << text;
  }
}

TEST(FieldTypeName, ReadsBack) {
  for (int i = 1; i <= static_cast<int>(FieldType::kUrl); ++i) {
    const auto type = static_cast<FieldType>(i);
    EXPECT_EQ(ParseFieldType(FieldTypeName(type)), type);
  }
  EXPECT_EQ(ParseFieldType("blob"), FieldType::kUnspecified);
}

}  // namespace
}  // namespace kasbah::tenantdata
