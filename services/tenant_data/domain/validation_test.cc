#include "services/tenant_data/domain/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/testing/status_matchers.h"
#include "services/tenant_data/domain/paired_index.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

FieldId Id(uint8_t n) { return FieldId(Uuid({n})); }

FieldDefinition Field(uint8_t n, const std::string& key, FieldType type) {
  FieldDefinition field;
  field.id = Id(n);
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
Value Number(double number) {
  Value value;
  value.set_number_value(number);
  return value;
}
Value Bool(bool flag) {
  Value value;
  value.set_bool_value(flag);
  return value;
}
Value Null() {
  Value value;
  value.set_null_value({});
  return value;
}
Struct Values(std::vector<std::pair<std::string, Value>> values) {
  Struct object;
  for (auto& [key, value] : values) (*object.mutable_fields())[key] = value;
  return object;
}

std::vector<std::string> Faults(const Validation& checked) {
  std::vector<std::string> faults;
  for (const Violation& v : checked.violations)
    faults.push_back(absl::StrCat(v.field, " ", v.rule));
  return faults;
}

// What one value of one field becomes in the record's JSON, or the rules that it breaks.
std::string Check(FieldDefinition field, const Value& value) {
  const Validation checked = ValidateNew(*Compile({field}), Values({{field.key, value}}));
  if (checked.violations.empty()) return checked.valid.data;
  std::string rules;
  for (const Violation& violation : checked.violations)
    absl::StrAppend(&rules, violation.rule, " ");
  return rules;
}

TEST(Validation, TextHasBoundsInCharactersAndAPattern) {
  FieldDefinition field = Field(1, "t", FieldType::kText);
  EXPECT_EQ(Check(field, Text("x")), R"({"t":"x"})");
  EXPECT_EQ(Check(field, Text("")), R"({"t":""})");
  EXPECT_EQ(Check(field, Number(1)), "TYPE ");
  EXPECT_EQ(Check(field, Text(std::string("a\0b", 3))), "TYPE ");
  EXPECT_EQ(Check(field, Text(std::string(kMaxTextBytes + 1, 'a'))), "MAX ");
  field.min = 2;
  field.max = 3;
  field.pattern = "[ä-ü]+";
  EXPECT_EQ(Check(field, Text("äöü")), R"({"t":"äöü"})");
  EXPECT_EQ(Check(field, Text("a")), "MIN PATTERN ");
  EXPECT_EQ(Check(field, Text("abcd")), "MAX PATTERN ");
  EXPECT_EQ(Check(field, Text("äöX")), "PATTERN ");
}

TEST(Validation, AnIndexedTextFitsIntoAnIndexRow) {
  FieldDefinition field = Field(1, "t", FieldType::kText);
  field.indexed = true;
  EXPECT_EQ(Check(field, Text(std::string(kMaxIndexedBytes + 1, 'a'))), "MAX ");
  EXPECT_NE(Check(field, Text(std::string(kMaxIndexedBytes, 'a'))), "MAX ");
}

TEST(Validation, IntegersAreWholeAndExact) {
  FieldDefinition field = Field(1, "n", FieldType::kInteger);
  EXPECT_EQ(Check(field, Number(-42)), R"({"n":-42})");
  EXPECT_EQ(Check(field, Number(9007199254740991.0)), R"({"n":9007199254740991})");
  EXPECT_EQ(Check(field, Text("9223372036854775807")), R"({"n":9223372036854775807})");
  for (const double bad : {0.5, 9007199254740992.0, 1e300, std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(Check(field, Number(bad)), "TYPE ") << bad;
  }
  for (const char* bad : {"", "x", "1.5", " 1", "+1", "0x10", "9223372036854775808", "--1"}) {
    EXPECT_EQ(Check(field, Text(bad)), "TYPE ") << bad;
  }
  EXPECT_EQ(Check(field, Bool(true)), "TYPE ");
  field.min = 0;
  field.max = 10;
  EXPECT_EQ(Check(field, Number(-1)), "MIN ");
  EXPECT_EQ(Check(field, Number(11)), "MAX ");
  EXPECT_EQ(Check(field, Number(10)), R"({"n":10})");
}

TEST(Validation, DecimalsKeepExactlyTheirDigits) {
  FieldDefinition field = Field(1, "d", FieldType::kDecimal);
  field.scale = 2;
  EXPECT_EQ(Check(field, Number(12.34)), R"({"d":"12.34"})");
  EXPECT_EQ(Check(field, Number(0.1)), R"({"d":"0.10"})");
  EXPECT_EQ(Check(field, Text("-0.05")), R"({"d":"-0.05"})");
  EXPECT_EQ(Check(field, Text("7")), R"({"d":"7.00"})");
  EXPECT_EQ(Check(field, Text("1.500")), R"({"d":"1.50"})");
  EXPECT_EQ(Check(field, Text("92233720368547758.07")), R"({"d":"92233720368547758.07"})");
  EXPECT_EQ(Check(field, Text("-92233720368547758.08")), R"({"d":"-92233720368547758.08"})");
  for (const char* bad :
       {"", ".", "1.", ".5", "1,5", "1e3", "1.234", "92233720368547758.08", "-"}) {
    EXPECT_EQ(Check(field, Text(bad)), "TYPE ") << bad;
  }
  EXPECT_EQ(Check(field, Number(1e300)), "TYPE ");
  EXPECT_EQ(Check(field, Number(0.001)), "TYPE ");
  field.min = 1;
  field.max = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Check(field, Text("0.99")), "MIN ");
  EXPECT_EQ(Check(field, Text("1")), R"({"d":"1.00"})");
}

TEST(Validation, BooleansAreBooleans) {
  const FieldDefinition field = Field(1, "b", FieldType::kBoolean);
  EXPECT_EQ(Check(field, Bool(false)), R"({"b":false})");
  EXPECT_EQ(Check(field, Text("true")), "TYPE ");
  EXPECT_EQ(Check(field, Number(1)), "TYPE ");
}

TEST(Validation, DatesAreOnTheCalendar) {
  const FieldDefinition field = Field(1, "d", FieldType::kDate);
  EXPECT_EQ(Check(field, Text("2024-02-29")), R"({"d":"2024-02-29"})");
  for (const char* bad : {"2023-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "24-01-01",
                          "2024-01-01T00:00:00Z", "", "2024-04-31"}) {
    EXPECT_EQ(Check(field, Text(bad)), "TYPE ") << bad;
  }
}

TEST(Validation, TimestampsBecomeUtcMicroseconds) {
  const FieldDefinition field = Field(1, "t", FieldType::kTimestamp);
  EXPECT_EQ(Check(field, Text("2024-01-31T23:30:00+02:00")), R"({"t":"2024-01-31T21:30:00Z"})");
  EXPECT_EQ(Check(field, Text("2024-01-31t23:30:00.1234567z")),
            R"({"t":"2024-01-31T23:30:00.123456Z"})");
  for (const char* bad : {"2024-01-31", "2024-01-31T25:00:00Z", "2024-02-30T00:00:00Z",
                          "2024-01-31T00:00:00", "now", "2024-01-31 00:00:00Z", ""}) {
    EXPECT_EQ(Check(field, Text(bad)), "TYPE ") << bad;
  }
}

TEST(Validation, ChoicesAreTheFieldsOwn) {
  FieldDefinition field = Field(1, "c", FieldType::kChoice);
  field.choices = {"red", "green"};
  EXPECT_EQ(Check(field, Text("red")), R"({"c":"red"})");
  EXPECT_EQ(Check(field, Text("Red")), "CHOICE ");
  EXPECT_EQ(Check(field, Number(0)), "TYPE ");
}

TEST(Validation, EmailAddressesHaveALocalPartAndADomain) {
  FieldDefinition field = Field(1, "e", FieldType::kEmail);
  EXPECT_EQ(Check(field, Text("o'neil+x@mail.example.org")),
            R"({"e":"o'neil+x@mail.example.org"})");
  for (const std::string& bad :
       {std::string("a"), std::string("a@b"), std::string("@b.c"), std::string("a@b..c"),
        std::string("a b@c.d"), std::string("a@-b.c"), std::string("a@b.c\n"),
        std::string(65, 'a') + "@b.c", "a@" + std::string(260, 'b') + ".c"}) {
    EXPECT_EQ(Check(field, Text(bad)), "TYPE ") << bad;
  }
  field.pattern = ".*@example\\.org";
  EXPECT_EQ(Check(field, Text("a@example.com")), "PATTERN ");
}

TEST(Validation, UrlsAreHttpWithAHost) {
  const FieldDefinition field = Field(1, "u", FieldType::kUrl);
  EXPECT_EQ(Check(field, Text("https://a.example:8443/x?y#z")),
            R"({"u":"https://a.example:8443/x?y#z"})");
  EXPECT_EQ(Check(field, Text("http://[2001:db8::1]/")), R"({"u":"http://[2001:db8::1]/"})");
  for (const char* bad : {"ftp://a", "javascript:alert(1)", "https://", "https://u:p@a.b/", "a.b",
                          "https://a b", "https://a/\xC3\xA4"}) {
    EXPECT_EQ(Check(field, Text(bad)), "TYPE ") << bad;
  }
}

TEST(Validation, NestedValuesAreOfNoType) {
  Value deep;
  Value* inner = &deep;
  for (int i = 0; i < 60; ++i) inner = inner->mutable_list_value()->add_values();
  inner->set_number_value(1);
  Value object;
  (*object.mutable_struct_value()->mutable_fields())["a"] = Text("x");
  for (const FieldType type :
       {FieldType::kText, FieldType::kInteger, FieldType::kDecimal, FieldType::kBoolean,
        FieldType::kDate, FieldType::kTimestamp, FieldType::kEmail, FieldType::kUrl}) {
    EXPECT_EQ(Check(Field(1, "x", type), deep), "TYPE ");
    EXPECT_EQ(Check(Field(1, "x", type), object), "TYPE ");
  }
}

TEST(Validation, AllViolationsComeAtOnceInTheOrderOfTheDefinition) {
  FieldDefinition name = Field(1, "name", FieldType::kText);
  name.required = true;
  FieldDefinition code = Field(2, "code", FieldType::kText);
  code.min = 2;
  code.pattern = "[A-Z]+";
  const auto rules = Compile({name, code, Field(3, "age", FieldType::kInteger)});
  const Validation checked = ValidateNew(*rules, Values({{"code", Text("a")},
                                                         {"age", Text("old")},
                                                         {"zebra", Text("x")},
                                                         {"ant", Null()},
                                                         {"Not A Key", Text("x")}}));
  EXPECT_THAT(Faults(checked),
              ElementsAre("values.name REQUIRED", "values.code MIN", "values.code PATTERN",
                          "values.age TYPE", "values UNKNOWN_FIELD", "values.ant UNKNOWN_FIELD",
                          "values.zebra UNKNOWN_FIELD"));
}

TEST(Validation, DescriptionsHoldNoValue) {
  const Validation checked = ValidateNew(*Compile({Field(1, "e", FieldType::kEmail)}),
                                         Values({{"e", Text("canary-value")}}));
  ASSERT_EQ(checked.violations.size(), 1u);
  EXPECT_EQ(checked.violations[0].description.find("canary"), std::string::npos);
}

TEST(Validation, SealedValuesStandNowhereInTheClear) {
  FieldDefinition iban = Field(1, "iban", FieldType::kText);
  iban.sealed = true;
  FieldDefinition name = Field(2, "name", FieldType::kText);
  name.indexed = name.unique = true;
  const Validation checked =
      ValidateNew(*Compile({iban, name}), Values({{"iban", Text("CH00")}, {"name", Text("Ada")}}));
  EXPECT_THAT(checked.violations, IsEmpty());
  EXPECT_EQ(checked.valid.data, R"({"name":"Ada"})");
  EXPECT_EQ(checked.valid.values.fields().count("iban"), 0u);
  ASSERT_EQ(checked.valid.to_seal.size(), 1u);
  EXPECT_EQ(checked.valid.to_seal[0].json, R"("CH00")");
  ASSERT_EQ(checked.valid.index.size(), 1u);
  EXPECT_EQ(checked.valid.index[0].field, Id(2));
  ASSERT_EQ(checked.valid.unique.size(), 1u);
}

TEST(Validation, AllOfARecordIsBounded) {
  std::vector<FieldDefinition> fields;
  std::vector<std::pair<std::string, Value>> values;
  for (uint8_t i = 0; i < 2; ++i) {
    fields.push_back(Field(i, absl::StrCat("f", i), FieldType::kLongText));
    values.emplace_back(fields.back().key, Text(std::string(kMaxLongTextBytes - 1000, 'x')));
  }
  fields.push_back(Field(2, "f2", FieldType::kText));
  fields.back().sealed = true;
  values.emplace_back("f2", Text(std::string(kMaxTextBytes - 1000, 'x')));
  const auto rules = Compile(fields);
  EXPECT_THAT(Faults(ValidateNew(*rules, Values(values))), ElementsAre("values MAX"));
  values.pop_back();
  EXPECT_THAT(Faults(ValidateNew(*rules, Values(values))), IsEmpty());
}

TEST(ValidateChange, NamedFieldsAreReplacedAndNullRemoves) {
  FieldDefinition code = Field(1, "code", FieldType::kText);
  code.unique = code.indexed = true;
  const auto rules =
      Compile({code, Field(2, "note", FieldType::kText), Field(3, "n", FieldType::kInteger)});
  const Struct stored = Values({{"code", Text("A")}, {"note", Text("x")}, {"n", Number(1)}});
  const Validation checked =
      ValidateChange(*rules, stored, {}, Values({{"note", Null()}, {"n", Number(2)}}));
  EXPECT_THAT(checked.violations, IsEmpty());
  EXPECT_EQ(checked.valid.data, R"({"code":"A","n":2})");
  EXPECT_THAT(checked.valid.unique, IsEmpty());
  EXPECT_THAT(checked.valid.index, IsEmpty());
}

TEST(ValidateChange, ASealedValueThatIsKeptCountsAsGiven) {
  FieldDefinition iban = Field(1, "iban", FieldType::kText);
  iban.sealed = iban.required = true;
  const auto rules = Compile({iban});
  EXPECT_THAT(Faults(ValidateChange(*rules, {}, {{Id(1), 100}}, {})), IsEmpty());
  EXPECT_THAT(Faults(ValidateChange(*rules, {}, {}, {})), ElementsAre("values.iban REQUIRED"));
  EXPECT_THAT(Faults(ValidateChange(*rules, {}, {{Id(1), 100}}, Values({{"iban", Null()}}))),
              ElementsAre("values.iban REQUIRED"));
}

TEST(ValidateChange, WhatIsKeptSealedCountsAgainstTheWholeRecord) {
  FieldDefinition iban = Field(1, "iban", FieldType::kText);
  iban.sealed = true;
  const auto rules = Compile({iban, Field(2, "note", FieldType::kText)});
  const Struct change = Values({{"note", Text("x")}});
  constexpr size_t kOverhead = crypto::ciphertext_v1::kOverhead;
  const size_t left = kMaxDataBytes - std::string_view(R"({"note":"x"})").size();
  EXPECT_THAT(Faults(ValidateChange(*rules, {}, {{Id(1), left + kOverhead}}, change)), IsEmpty());
  const SealedSizes too_much = {{Id(1), left + kOverhead + 1}};
  EXPECT_THAT(Faults(ValidateChange(*rules, {}, too_much, change)), ElementsAre("values MAX"));
  // It goes with this change.
  EXPECT_THAT(Faults(ValidateChange(*rules, {}, too_much, Values({{"iban", Null()}}))), IsEmpty());
}

TEST(ValidateChange, APairIsWhatBothFieldsHaveWhereEitherIsNew) {
  std::vector<FieldDefinition> fields = {Field(1, "state", FieldType::kText),
                                         Field(2, "rank", FieldType::kInteger),
                                         Field(3, "note", FieldType::kText)};
  fields[0].indexed = fields[1].indexed = true;
  fields[0].indexed_orders = {"rank"};
  const auto rules = Compile(fields);
  const FieldId pair = PairOf(Id(1), Id(2));
  const auto place = [&](const std::string& state) {
    return PlaceOf(pair, {state, std::nullopt, std::nullopt});
  };
  EXPECT_NE(pair, PairOf(Id(2), Id(1)));
  EXPECT_NE(place("open"), place("done"));
  EXPECT_EQ(place("open").uuid().ToString()[14], '8');

  const Struct all = Values({{"state", Text("open")}, {"rank", Number(7)}, {"note", Text("x")}});
  const Validation created = ValidateNew(*rules, all);
  ASSERT_EQ(created.valid.pairs.size(), 1u);
  EXPECT_EQ(created.valid.pairs[0].pair, pair);
  EXPECT_EQ(created.valid.pairs[0].entry.field, place("open"));
  EXPECT_EQ(created.valid.pairs[0].entry.key.integer, 7);
  EXPECT_THAT(ValidateNew(*rules, Values({{"state", Text("open")}})).valid.pairs, IsEmpty());

  const auto changed = [&](const Struct& changes) {
    return ValidateChange(*rules, all, {}, changes).valid.pairs;
  };
  EXPECT_THAT(changed(Values({{"note", Text("y")}})), IsEmpty());
  EXPECT_THAT(changed(Values({{"rank", Null()}})), IsEmpty());
  ASSERT_EQ(changed(Values({{"rank", Number(8)}})).size(), 1u);
  EXPECT_EQ(changed(Values({{"rank", Number(8)}}))[0].entry.field, place("open"));
  EXPECT_EQ(changed(Values({{"rank", Number(8)}}))[0].entry.key.integer, 8);
  ASSERT_EQ(changed(Values({{"state", Text("done")}})).size(), 1u);
  EXPECT_EQ(changed(Values({{"state", Text("done")}}))[0].entry.field, place("done"));
  EXPECT_EQ(changed(Values({{"state", Text("done")}}))[0].entry.key.integer, 7);
}

TEST(ValidateNew, ASealedValueIsBoundedAsItIsSealed) {
  FieldDefinition text = Field(1, "text", FieldType::kText);
  FieldDefinition kinds = Field(2, "kinds", FieldType::kMultiChoice);
  text.sealed = kinds.sealed = true;
  Value all;
  for (int i = 0; i < 400; ++i) {
    kinds.choices.push_back(absl::StrCat(std::string(190, 'k'), i));
    *all.mutable_list_value()->add_values() = Text(kinds.choices.back());
  }
  const auto rules = Compile({text, kinds});
  // Two bytes each as JSON, between two quotes.
  const std::string most(32 * 1024 - 1, '"');
  EXPECT_THAT(Faults(ValidateNew(*rules, Values({{"text", Text(most)}}))), IsEmpty());
  EXPECT_THAT(Faults(ValidateNew(*rules, Values({{"text", Text(most + '"')}, {"kinds", all}}))),
              ElementsAre("values.text MAX", "values.kinds MAX"));
}

TEST(ValidateNew, EqualNumbersAreTheSameUniqueValue) {
  FieldDefinition price = Field(1, "price", FieldType::kDecimal);
  price.unique = true;
  price.scale = 2;
  const auto rules = Compile({price});
  const auto bytes = [&](const Value& value) {
    return ValidateNew(*rules, Values({{"price", value}})).valid.unique.at(0).value;
  };
  EXPECT_EQ(bytes(Text("1.5")), bytes(Number(1.50)));
  EXPECT_LT(bytes(Text("-1")), bytes(Text("0")));
  EXPECT_LT(bytes(Text("0")), bytes(Text("1")));
}

}  // namespace
}  // namespace kasbah::tenantdata
