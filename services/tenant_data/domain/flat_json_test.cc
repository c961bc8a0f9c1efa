#include "services/tenant_data/domain/flat_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "libs/testing/status_matchers.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Value;
using testing::StatusIs;

std::string ToJson(const Scalar& value) {
  std::string json;
  AppendJson(value, &json);
  return json;
}

TEST(FlatJson, EveryTextReadsBack) {
  std::string controls;
  for (char c = 1; c < 0x20; ++c) controls.push_back(c);
  for (const std::string& text :
       {std::string(), std::string("plain"), std::string("\"quoted\" \\ back"), controls,
        std::string("München 日本 🇨🇭"), std::string("\x7f")}) {
    ASSERT_OK_AND_ASSIGN(const Value back, ParseStored(ToJson(text)));
    EXPECT_EQ(back.string_value(), text);
  }
}

TEST(FlatJson, EscapesOfOthersAreRead) {
  ASSERT_OK_AND_ASSIGN(const Value text, ParseStored(R"("\u00e9\ud83c\udde8\/\b\f\n\r\t\u0041")"));
  EXPECT_EQ(text.string_value(), "é🇨/\b\f\n\r\tA");
}

TEST(FlatJson, IntegersKeepAll64Bits) {
  for (const int64_t number :
       {int64_t{0}, int64_t{-1}, kMaxExactInteger, kMaxExactInteger + 2,
        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    ASSERT_OK_AND_ASSIGN(const Value back, ParseStored(ToJson(number)));
    EXPECT_EQ(back.SerializeAsString(), ToProto(Scalar(number)).SerializeAsString());
  }
}

TEST(FlatJson, IntegersThatADoubleWouldRoundAreShownAsDigits) {
  EXPECT_EQ(ToProto(Scalar(kMaxExactInteger)).number_value(), 9007199254740991.0);
  EXPECT_EQ(ToProto(Scalar(kMaxExactInteger + 2)).string_value(), "9007199254740993");
  EXPECT_EQ(ToProto(Scalar(-kMaxExactInteger - 2)).string_value(), "-9007199254740993");
}

TEST(FlatJson, ObjectsReadBack) {
  ASSERT_OK_AND_ASSIGN(
      const google::protobuf::Struct object,
      ParseFlatObject(
          "{\"name\": \"Ada\", \"age\": 36, \"big\":9223372036854775807 , \"on\":true}"));
  EXPECT_EQ(object.fields_size(), 4);
  EXPECT_EQ(object.fields().at("name").string_value(), "Ada");
  EXPECT_EQ(object.fields().at("age").number_value(), 36);
  EXPECT_EQ(object.fields().at("big").string_value(), "9223372036854775807");
  EXPECT_TRUE(object.fields().at("on").bool_value());
  ASSERT_OK_AND_ASSIGN(const google::protobuf::Struct empty, ParseFlatObject(" { } "));
  EXPECT_EQ(empty.fields_size(), 0);
}

TEST(FlatJson, ListsOfTextsReadBack) {
  for (const std::vector<std::string>& texts :
       {std::vector<std::string>{}, {"a"}, {"a \"b\"", "c,d", "]"}}) {
    std::string json;
    AppendJson(Scalar(texts), &json);
    ASSERT_OK_AND_ASSIGN(const Value read, ParseStored(json));
    EXPECT_EQ(read.SerializeAsString(), ToProto(Scalar(texts)).SerializeAsString());
  }
  ASSERT_OK_AND_ASSIGN(const auto object, ParseFlatObject(R"({"a": [ "x" , "y" ]})"));
  EXPECT_EQ(object.fields().at("a").list_value().values(1).string_value(), "y");
  EXPECT_THAT(ParseStored(R"(["a",])"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(FlatJson, NestingThatNoValueHasIsRefusedHoweverDeep) {
  EXPECT_OK(ParseFlatObject(R"({"a": {"b": [1, {"c": null}]}})"));
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "{\"a\":";
  EXPECT_THAT(ParseFlatObject(deep), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ParseStored(std::string(1'000'000, '[')), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(FlatJson, BrokenTextIsRefused) {
  for (const char* json : {"",
                           "{",
                           "{\"a\"",
                           "{\"a\":}",
                           "{\"a\":1",
                           "{\"a\":1,}",
                           "{\"a\":1}x",
                           "{a:1}",
                           "{\"a\":nul}",
                           "{\"a\":1.5.}",
                           "{\"a\":1e}",
                           "{\"a\":1e999}",
                           "{\"a\":-}",
                           "{\"a\":\"x}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\u12\"}",
                           "{\"a\":\"\\ud800\"}",
                           "{\"a\":\"\\ud800\\u0041\"}",
                           "{\"a\":\"\\udc00\"}",
                           "[]",
                           "1"}) {
    EXPECT_THAT(ParseFlatObject(json), StatusIs(absl::StatusCode::kDataLoss)) << json;
  }
}

}  // namespace
}  // namespace kasbah::tenantdata
