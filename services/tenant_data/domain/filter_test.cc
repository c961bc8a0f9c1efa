#include "services/tenant_data/domain/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::StatusIs;

FieldDefinition Field(uint8_t id, const std::string& key, FieldType type, bool indexed) {
  FieldDefinition field;
  field.id = FieldId(Uuid({id}));
  field.key = key;
  field.type = type;
  field.indexed = indexed;
  return field;
}

std::shared_ptr<const RuleTable> Rules() {
  CollectionDefinition collection;
  collection.id = CollectionId(Uuid({9}));
  collection.fields = {Field(1, "code", FieldType::kText, true),
                       Field(2, "price", FieldType::kDecimal, true),
                       Field(3, "note", FieldType::kText, false),
                       Field(4, "open", FieldType::kBoolean, true),
                       Field(5, "since", FieldType::kTimestamp, true),
                       Field(6, "day", FieldType::kDate, true),
                       Field(7, "state", FieldType::kChoice, true),
                       Field(8, "iban", FieldType::kText, false),
                       Field(9, "pin", FieldType::kText, false),
                       Field(10, "count", FieldType::kInteger, true)};
  collection.fields[0].max = 3;
  collection.fields[0].pattern = "[a-z]*";
  collection.fields[1].scale = 2;
  collection.fields[6].choices = {"new", "done"};
  collection.fields[7].sealed = collection.fields[7].searchable = true;
  collection.fields[8].sealed = true;
  return *RuleTable::Compile(std::move(collection));
}

const RuleTable& Table() {
  static const auto rules = Rules();
  return *rules;
}

// The tree as text: code="x" AND … with values as they are bound.
std::string Show(const Filter& filter) {
  const auto joined = [&](const char* word) {
    std::string text;
    for (const Filter& child : filter.children) {
      absl::StrAppend(&text, text.empty() ? "(" : word, Show(child));
    }
    return text.empty() ? "()" : text + ")";
  };
  switch (filter.kind) {
    case Filter::Kind::kAll:
      return joined(" & ");
    case Filter::Kind::kAny:
      return joined(" | ");
    case Filter::Kind::kNot:
      return absl::StrCat("!", Show(filter.children[0]));
    case Filter::Kind::kComparison:
      break;
  }
  const Comparison& comparison = filter.comparison;
  static constexpr const char* kSigns[] = {"=", "!=", "<", "<=", ">", ">=", "^", "?"};
  std::string text = absl::StrCat(Table().Find(comparison.field)->definition.key,
                                  kSigns[static_cast<int>(comparison.op)]);
  if (comparison.key.text) absl::StrAppend(&text, "'", *comparison.key.text, "'");
  if (comparison.key.integer) absl::StrAppend(&text, *comparison.key.integer);
  if (comparison.key.time)
    absl::StrAppend(&text, absl::FormatTime(*comparison.key.time, absl::UTCTimeZone()));
  return text + comparison.sealed_json;
}

std::string Parse(const std::string& text) {
  const auto filter = ParseFilter(Table(), text);
  EXPECT_OK(filter) << text;
  return filter.ok() ? Show(*filter) : "";
}

// "RULE at 7: …".
std::string Refused(const std::string& text) {
  const auto filter = ParseFilter(Table(), text);
  EXPECT_THAT(filter, StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  if (filter.ok()) return "";
  const Violation violation = DetailsOf(filter.status()).violations.at(0);
  EXPECT_EQ(violation.field, "filter");
  return violation.rule + " " + violation.description;
}

TEST(ParseFilter, ValuesAreTypedLikeTheirField) {
  EXPECT_EQ(Parse("code = \"abc\""), "code='abc'");
  EXPECT_EQ(Parse("price>=1.5"), "price>=150");
  EXPECT_EQ(Parse("count < -7"), "count<-7");
  EXPECT_EQ(Parse("open = true"), "open=1");
  EXPECT_EQ(Parse("day > 2024-02-29"), "day>'2024-02-29'");
  EXPECT_THAT(Parse("since <= \"2024-02-29T00:00:00+01:00\""), StartsWith("since<=2024-02-28T23"));
  EXPECT_EQ(Parse("state != 'new'"), "state!='new'");
  EXPECT_EQ(Parse("iban = \"CH93\""), "iban=\"CH93\"");
  EXPECT_EQ(Parse("count:*"), "count?");
  EXPECT_EQ(Parse("count:7"), "count=7");
  EXPECT_EQ(Parse("  "), "()");
}

TEST(ParseFilter, QuestionsNeedNotHoldToTheFieldsOwnRules) {
  // Longer than code may be, and no match of its pattern.
  EXPECT_EQ(Parse("code < \"ZZZZ\""), "code<'ZZZZ'");
  EXPECT_EQ(Parse("code = \"Ab*\""), "code^'Ab'");
  EXPECT_EQ(Parse("code = \"\\*\\\"\\\\\""), "code='*\"\\'");
}

TEST(ParseFilter, OrBindsTighterThanAnd) {
  EXPECT_EQ(Parse("count=1 AND count=2 OR count=3 AND NOT count=4"),
            "(count=1 & (count=2 | count=3) & !count=4)");
  EXPECT_EQ(Parse("(count=1 AND count=2) OR -(count=3)"), "((count=1 & count=2) | !count=3)");
}

TEST(ParseFilter, RefusalsNameTheFieldTheRuleAndThePlace) {
  EXPECT_EQ(Refused("code=\"a\" AND note = \"x\""),
            "UNINDEXED at 14: note is not an indexed field");
  EXPECT_EQ(Refused("pin = \"1\""), "UNINDEXED at 1: pin is not a searchable field");
  EXPECT_EQ(Refused("nope = 1"), "UNKNOWN_FIELD at 1: nope is no field of the collection");
  EXPECT_THAT(Refused("count = \"many\""), StartsWith("TYPE at 9: count must be"));
  EXPECT_THAT(Refused("price = 1.234"), StartsWith("TYPE at 9"));
  EXPECT_THAT(Refused("iban > \"A\""), StartsWith("OPERATOR at 8: iban is sealed"));
  EXPECT_THAT(Refused("iban:*"), StartsWith("OPERATOR at 6"));
  EXPECT_THAT(Refused("iban = \"A*\""), StartsWith("OPERATOR"));
  EXPECT_THAT(Refused("open < true"), StartsWith("OPERATOR"));
  EXPECT_THAT(Refused("count = \"1*\""), StartsWith("OPERATOR"));
  EXPECT_THAT(Refused("code < \"a*\""), StartsWith("OPERATOR at 8"));
  EXPECT_THAT(Refused("code = abc"), StartsWith("SYNTAX at 8: a text stands in quotes"));
  EXPECT_THAT(Refused("code = \"a*b\""), StartsWith("SYNTAX at 10"));
  EXPECT_THAT(Refused("code = \"a"), StartsWith("SYNTAX at 8: a text without its end"));
  EXPECT_THAT(Refused("code = \"a\\n\""), StartsWith("SYNTAX at 10"));
  for (const char* text : {"count", "count =", "count = 1 count = 2", "(count = 1", "count = 1)",
                           "AND", "= 1", "count = (1)", "count ~ 1", "count = 1; DROP TABLE x",
                           "\"count\" = 1", "count.x = 1", "count == 1", "NOT NOT count = 1"}) {
    EXPECT_THAT(Refused(text), StartsWith("SYNTAX")) << text;
  }
}

// Records keep a choice that the definition has no more until their next change.
TEST(ParseFilter, AChoiceThatWasTakenAwayCanStillBeFound) {
  EXPECT_OK(ParseFilter(Table(), "state = \"other\""));
}

TEST(ParseFilter, AnInjectionIsAValueOrARefusal) {
  const std::string evil = "' OR 1=1; DROP TABLE tenant_data.records; --";
  EXPECT_EQ(Parse(absl::StrCat("code = \"", evil, "\"")), absl::StrCat("code='", evil, "'"));
  EXPECT_THAT(Refused(std::string("code = \"a\0b\"", 12)), StartsWith("TYPE"));
}

TEST(ParseFilter, DepthAndSizeAreBounded) {
  const std::string deep(100'000, '(');
  EXPECT_THAT(Refused(deep), StartsWith("TOO_COMPLEX at 33"));
  EXPECT_THAT(Refused(std::string(100'000, '-')), StartsWith("SYNTAX"));
  std::string wide = "count=0";
  for (int i = 1; i < kMaxComparisons; ++i) absl::StrAppend(&wide, " OR count=", i);
  EXPECT_OK(ParseFilter(Table(), wide));
  EXPECT_THAT(Refused(wide + " OR count=64"), StartsWith("TOO_COMPLEX"));
  const std::string nested = std::string(31, '(') + "count=1" + std::string(31, ')');
  EXPECT_EQ(Parse(nested), "count=1");
}

google::protobuf::Struct Equals(const std::string& key, const std::string& text) {
  google::protobuf::Struct equals;
  (*equals.mutable_fields())[key].set_string_value(text);
  return equals;
}

TEST(ParseEquals, UnindexedAndUnknownFieldsAreRefusedByName) {
  google::protobuf::Struct equals = Equals("note", "x");
  (*equals.mutable_fields())["nope"].set_string_value("x");
  (*equals.mutable_fields())["price"].set_string_value("much");
  const auto parsed = ParseEquals(Table(), equals);
  ASSERT_THAT(parsed, StatusIs(absl::StatusCode::kInvalidArgument));
  std::vector<std::string> paths;
  for (const Violation& v : DetailsOf(parsed.status()).violations) paths.push_back(v.field);
  EXPECT_THAT(paths, ElementsAre("equals.nope", "equals.note", "equals.price"));
}

TEST(ParseEquals, SixtyFourFieldsAreTheMost) {
  google::protobuf::Struct equals;
  for (int i = 0; i < 65; ++i) {
    (*equals.mutable_fields())[absl::StrCat("f", i)].set_string_value("x");
  }
  const auto rule = [&] {
    return DetailsOf(ParseEquals(Table(), equals).status()).violations.front().rule;
  };
  EXPECT_EQ(rule(), "TOO_COMPLEX");
  equals.mutable_fields()->erase("f0");
  EXPECT_EQ(rule(), "UNKNOWN_FIELD");
}

TEST(DescribeFilter, DiffersWhereFiltersDiffer) {
  const auto describe = [&](const std::string& text) {
    std::string out;
    DescribeFilter(*ParseFilter(Table(), text), &out);
    return out;
  };
  EXPECT_EQ(describe("price = 1.5"), describe("price=1.50"));
  EXPECT_NE(describe("price = 1.5"), describe("price = 1.51"));
  EXPECT_NE(describe("price = 1.5"), describe("price >= 1.5"));
  EXPECT_NE(describe("count=1 AND count=2"), describe("count=1 OR count=2"));
  EXPECT_NE(describe("iban = \"a\""), describe("iban = \"b\""));
  EXPECT_NE(describe("code = \"a\""), describe(""));
  std::string from_equals;
  DescribeFilter(*ParseEquals(Table(), Equals("price", "1.5")), &from_equals);
  EXPECT_NE(from_equals, describe(""));
}

}  // namespace
}  // namespace kasbah::tenantdata
