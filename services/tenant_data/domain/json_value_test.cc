// Values of JSON fields: the one text they are kept as, their bounds, and what is taken out of
// them.
#include "services/tenant_data/domain/json_value.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/testing/status_matchers.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/validation.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::StatusIs;

Value Parse(const std::string& json) {
  Value value;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &value).ok()) << json;
  return value;
}
Value Number(double number) {
  Value value;
  value.set_number_value(number);
  return value;
}
Value Nested(int depth) {
  Value deep = Number(1);
  for (int i = 0; i < depth; ++i) {
    Value outer;
    if (i % 2 == 0) {
      *outer.mutable_list_value()->add_values() = std::move(deep);
    } else {
      (*outer.mutable_struct_value()->mutable_fields())["in"] = std::move(deep);
    }
    deep = std::move(outer);
  }
  return deep;
}

FieldDefinition Field(const std::string& key) {
  FieldDefinition field;
  field.id = FieldId::New(absl::Now());
  field.key = key;
  field.type = FieldType::kJson;
  return field;
}
Validation Check(const std::vector<FieldDefinition>& fields, const Value& value) {
  CollectionDefinition collection;
  collection.fields = fields;
  Struct values;
  for (const FieldDefinition& field : fields) (*values.mutable_fields())[field.key] = value;
  return ValidateNew(**RuleTable::Compile(collection), values);
}
std::vector<std::string> RulesBroken(const FieldDefinition& field, const Value& value) {
  std::vector<std::string> rules;
  for (const Violation& violation : Check({field}, value).violations) {
    rules.push_back(violation.rule);
  }
  return rules;
}

TEST(CanonicalJson, EqualValuesAreEqualTexts) {
  ASSERT_OK_AND_ASSIGN(
      const std::string text,
      CanonicalJson(
          Parse(R"({"b": [1, 1.50, -0.0, true, null, {}], "a": {"y": [], "x": "\u00e9\n"}})")));
  EXPECT_EQ(text, "{\"a\":{\"x\":\"é\\u000a\",\"y\":[]},\"b\":[1,1.5,0,true,null,{}]}");
}

TEST(CanonicalJson, EveryNumberComesBackTheSame) {
  for (const double number :
       {0.0, 1.0, -1.5, 0.1, 9007199254740991.0, 9007199254740992.0, -1e18, 9223372036854775807.0,
        1e300, std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min()}) {
    ASSERT_OK_AND_ASSIGN(const std::string text, CanonicalJson(Number(number)));
    EXPECT_EQ(text.find('e'), std::string::npos) << text;
    ASSERT_OK_AND_ASSIGN(const Value back, ParseStored(text));
    ASSERT_TRUE(back.has_number_value()) << text;
    EXPECT_EQ(back.number_value(), number) << text;
  }
}

TEST(CanonicalJson, WhatNoDatabaseKeepsIsRefused) {
  EXPECT_THAT(CanonicalJson(Number(NAN)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CanonicalJson(Number(INFINITY)), StatusIs(absl::StatusCode::kInvalidArgument));
  Value text;
  text.set_string_value(std::string("a\0b", 3));
  EXPECT_THAT(CanonicalJson(text), StatusIs(absl::StatusCode::kInvalidArgument));
  Value named;
  (*named.mutable_struct_value()->mutable_fields())[std::string("\0", 1)] = Number(1);
  EXPECT_THAT(CanonicalJson(named), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(JsonField, AnyValueIsKeptAndShownAsItIs) {
  for (const char* json : {R"({"a": {"b": [1, "x", null, false]}})", "[]", "{}", "[[[]]]",
                           "\"text\"", "1.25", "true", "12345678901234567000"}) {
    const Value value = Parse(json);
    const Validation checked = Check({Field("config")}, value);
    EXPECT_THAT(checked.violations, IsEmpty()) << json;
    EXPECT_TRUE(MessageDifferencer::Equals(checked.valid.values.fields().at("config"), value));
    ASSERT_OK_AND_ASSIGN(const Struct stored, ParseFlatObject(checked.valid.data));
    EXPECT_TRUE(MessageDifferencer::Equals(stored.fields().at("config"), value)) << json;
  }
}

TEST(JsonField, DepthSizeAndCountAreBounded) {
  EXPECT_THAT(RulesBroken(Field("f"), Nested(20)), IsEmpty());
  EXPECT_THAT(RulesBroken(Field("f"), Nested(21)), ElementsAre("MAX"));
  EXPECT_THAT(RulesBroken(Field("f"), Nested(90)), ElementsAre("MAX"));
  Value text;
  text.set_string_value(std::string(kMaxJsonBytes - 2, 'x'));
  EXPECT_THAT(RulesBroken(Field("f"), text), IsEmpty());
  text.mutable_string_value()->push_back('x');
  EXPECT_THAT(RulesBroken(Field("f"), text), ElementsAre("MAX"));
  Value list;
  for (size_t i = 0; i < kJsonLimits.max_values; ++i) list.mutable_list_value()->add_values();
  EXPECT_THAT(RulesBroken(Field("f"), list), IsEmpty());
  EXPECT_EQ(CountValues(list), kJsonLimits.max_values);
  list.mutable_list_value()->add_values();
  EXPECT_THAT(RulesBroken(Field("f"), list), ElementsAre("MAX"));
  // Short as JSON, long once the database writes them out.
  Value huge;
  for (int i = 0; i < 1000; ++i) *huge.mutable_list_value()->add_values() = Number(1e308);
  EXPECT_THAT(RulesBroken(Field("f"), huge), ElementsAre("MAX"));
  FieldDefinition sealed = Field("f");
  sealed.sealed = true;
  text.set_string_value(std::string(kMaxSealedJsonBytes, 'x'));
  EXPECT_THAT(RulesBroken(sealed, text), ElementsAre("MAX"));
}

TEST(JsonField, AllOfARecordAreBoundedTogether) {
  Value list;
  for (size_t i = 0; i < 9'000; ++i) list.mutable_list_value()->add_values();
  std::vector<FieldDefinition> fields;
  for (int i = 0; i < 5; ++i) fields.push_back(Field("f" + std::to_string(i)));
  EXPECT_THAT(Check(fields, list).violations, IsEmpty());
  fields.push_back(Field("more"));
  const Validation checked = Check(fields, list);
  ASSERT_EQ(checked.violations.size(), 1u);
  EXPECT_EQ(checked.violations[0].field, "values");
}

TEST(JsonField, MembersNamedLikeSecretsAreTakenOutAtAnyDepthAndNamed) {
  FieldDefinition sealed = Field("hidden");
  sealed.sealed = true;
  const Validation checked =
      Check({Field("config"), sealed},
            Parse(R"({"api_token": "hunter2", "steps": [{"db_password": 7, "name": "build"}],
                      "kept_secret": "sec_01h455vb4pex5vsknk084sn02q"})"));
  EXPECT_THAT(checked.violations, IsEmpty());
  EXPECT_THAT(checked.valid.stripped.paths,
              ElementsAre("/config/api_token", "/config/steps/0/db_password", "/hidden/api_token",
                          "/hidden/steps/0/db_password"));
  EXPECT_EQ(checked.valid.data.find("hunter2"), std::string::npos);
  EXPECT_EQ(checked.valid.to_seal.at(0).json,
            R"({"kept_secret":"sec_01h455vb4pex5vsknk084sn02q","steps":[{"name":"build"}]})");
}

TEST(JsonField, WhatAChangeDoesNotNameIsNotReported) {
  CollectionDefinition collection;
  collection.fields = {Field("a"), Field("b")};
  const auto rules = *RuleTable::Compile(collection);
  Struct stored;
  (*stored.mutable_fields())["a"] = Parse(R"({"x": 1})");
  Struct changes;
  (*changes.mutable_fields())["b"] = Parse(R"({"x_token": 1})");
  const Validation checked = ValidateChange(*rules, stored, {}, changes);
  EXPECT_THAT(checked.valid.stripped.paths, ElementsAre("/b/x_token"));
  EXPECT_EQ(checked.valid.data, R"({"a":{"x":1},"b":{}})");
}

}  // namespace
}  // namespace kasbah::tenantdata
