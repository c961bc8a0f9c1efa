#include "libs/payload/payload.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <random>

#include "libs/base/ids.h"
#include "libs/payload/secret_name.h"
#include "libs/testing/status_matchers.h"
#include <nlohmann/json.hpp>

namespace kasbah::payload {
namespace {

using ::kasbah::testing::ReasonIs;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

google::protobuf::Struct ParseStruct(const std::string& text) {
  google::protobuf::Struct object;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text, &object).ok()) << text;
  return object;
}

json AsJson(const google::protobuf::Struct& object) {
  std::string text;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(object, &text).ok());
  return json::parse(text);
}

TEST(SecretName, TheFourSuffixesInAnyCase) {
  for (const char* name :
       {"client_secret", "db_password", "api_token",   "stripe_vault_ref", "_token",
        "a_SECRET",      "x_PassWord",  "A_Vault_Ref", "next_page_token",  "token",
        "Password",      "secret",      "vault_ref",   "apiToken",         "APIToken",
        "clientSecret",  "vaultRef",    "dbVaultRef",  "api-token",        "api token",
        "api.token",     "x-api-TOKEN", "api_token ",  "api_token.",       "api__token"}) {
    EXPECT_TRUE(IsSecretName(name)) << name;
  }
}

TEST(SecretName, WhatOnlyContainsTheWordsIsLeft) {
  for (const char* name : {"", "_", "tokens", "api_tokens", "token_count", "password_hint_shown",
                           "secretary", "apitoken", "vault", "ref", "vault_reference", "token_2",
                           "passwordless", "1password", "secret_name", "naïve", "Straße", "имя"}) {
    EXPECT_FALSE(IsSecretName(name)) << name;
  }
}

TEST(SecretName, LettersThatOnlyLookTheSameAreTakenForThem) {
  for (const char* name : {
           "api_t\u043Eken",                      // Cyrillic o
           "api_\u0440\u0430ssword",              // Cyrillic er, a
           "api_to\u212Aen",                      // Kelvin sign
           "api_\uFF54\uFF4F\uFF4B\uFF45\uFF4E",  // full width
           "api_to\u200Bken",                     // zero-width space
           "api_token\u200D",                     // zero-width joiner
           "api\uFF3Ftoken",                      // full-width low line
           "\u0430pi_token",                      // not the suffix, and no matter
           "api_s\u0435cret",                     // Cyrillic ie
           "\U0001D5FD_\U0001D601\U0001D5FC\U0001D5F8\U0001D5F2\U0001D5FB",  // mathematical bold
       }) {
    EXPECT_TRUE(IsSecretName(name)) << name;
  }
}

TEST(SecretName, AnEndlessNameIsJudgedByItsEnd) {
  EXPECT_TRUE(IsSecretName(std::string(1'000'000, 'x') + "_token"));
  EXPECT_FALSE(IsSecretName(std::string(1'000'000, 'x')));
  std::string wide;
  for (int i = 0; i < 1000; ++i) wide += "\u0436";
  EXPECT_TRUE(IsSecretName(wide + "_token"));
}

TEST(Strip, AtAnyDepthWithThePaths) {
  google::protobuf::Struct object = ParseStruct(R"({
    "name": "deploy", "api_token": "t",
    "steps": [{"env": {"DB_PASSWORD": "p", "HOST": "h"}},
              [[{"a/b~secret": 1, "x_secret": {"y": 2}}]]]
  })");
  ASSERT_OK_AND_ASSIGN(const Report report, Strip(&object));
  EXPECT_THAT(report.paths, ElementsAre("/api_token", "/steps/0/env/DB_PASSWORD",
                                        "/steps/1/0/0/a~1b~0secret", "/steps/1/0/0/x_secret"));
  EXPECT_EQ(AsJson(object),
            json::parse(R"({"name": "deploy", "steps": [{"env": {"HOST": "h"}}, [[{}]]]})"));
}

TEST(Strip, AValueOfAnyKind) {
  google::protobuf::Value value;
  value.set_string_value("_token");
  ASSERT_OK_AND_ASSIGN(Report report, Strip(&value));
  EXPECT_THAT(report.paths, IsEmpty());
  *value.mutable_list_value()->add_values()->mutable_struct_value() =
      ParseStruct(R"({"a_token": 1})");
  ASSERT_OK_AND_ASSIGN(report, Strip(&value));
  EXPECT_THAT(report.paths, ElementsAre("/0/a_token"));
}

TEST(Strip, BeyondItsLimitsNothingIsChanged) {
  std::string deep = R"({"a_token": 1})";
  for (int i = 0; i < 20; ++i) deep = R"({"a_secret_not": )" + deep + "}";
  google::protobuf::Struct object = ParseStruct(deep);
  const std::string before = object.SerializeAsString();
  EXPECT_THAT(Strip(&object, {.max_depth = 20}), ReasonIs("PAYLOAD_TOO_DEEP"));
  EXPECT_EQ(object.ByteSizeLong(), before.size());
  EXPECT_THAT(Strip(&object, {.max_bytes = before.size() - 1}), ReasonIs("PAYLOAD_TOO_LARGE"));
  EXPECT_THAT(Strip(&object, {.max_values = 20}), ReasonIs("PAYLOAD_TOO_LARGE"));
  EXPECT_EQ(object.ByteSizeLong(), before.size());
  ASSERT_OK_AND_ASSIGN(const Report report, Strip(&object, {.max_depth = 21}));
  EXPECT_EQ(report.count, 1u);
}

TEST(Strip, AThousandPathsAreNamedAndAllAreCounted) {
  google::protobuf::Struct object;
  for (int i = 0; i < 1500; ++i) {
    (*object.mutable_fields())[std::to_string(i) + "_token"].set_bool_value(true);
  }
  ASSERT_OK_AND_ASSIGN(const Report report, Strip(&object));
  EXPECT_EQ(report.paths.size(), kMaxPaths);
  EXPECT_EQ(report.count, 1500u);
  EXPECT_TRUE(object.fields().empty());
}

TEST(StripJson, KeepsOrderNumbersAndText) {
  ASSERT_OK_AND_ASSIGN(
      const StrippedJson result,
      StripJson(R"( { "z" : 12345678901234567890123, "a_token":[1,{"b_token":2}], "e": 1.10,
                     "s": "\u00e9\ud83d\ude00\n", "n": [ ], "m": -7, "t": true,
                     "l": [null, {}] } )"));
  EXPECT_EQ(result.text,
            "{\"z\":12345678901234567890123,\"e\":1.10,\"s\":\"é😀\\n\",\"n\":[],"
            "\"m\":-7,\"t\":true,\"l\":[null,{}]}");
  EXPECT_THAT(result.report.paths, ElementsAre("/a_token"));
}

TEST(StripJson, EscapesHideNoName) {
  ASSERT_OK_AND_ASSIGN(const StrippedJson result,
                       StripJson(R"([{"api_\u0074oken":"x","api\u005ftoken":"y"},1])"));
  EXPECT_EQ(result.text, "[{},1]");
  EXPECT_THAT(result.report.paths, ElementsAre("/0/api_token", "/0/api_token"));
}

TEST(StripJson, WhatIsNotJsonIsRefused) {
  for (const char* text : {"", "{", "{\"a\":}", "[1,]", "{} {}", "nul", "{'a':1}", "\"\xff\"",
                           "{\"a\":1,}", "NaN", "// no\n1"}) {
    EXPECT_THAT(StripJson(text), ReasonIs("PAYLOAD_NOT_JSON")) << text;
  }
}

TEST(StripJson, AMillionBracketsAreRefusedWithoutRecursion) {
  const std::string deep(900'000, '[');
  EXPECT_THAT(StripJson(deep), ReasonIs("PAYLOAD_TOO_DEEP"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(StripJson(objects), ReasonIs("PAYLOAD_TOO_DEEP"));
  EXPECT_THAT(StripJson("[" + std::string(1 << 20, ' ') + "]"), ReasonIs("PAYLOAD_TOO_LARGE"));
  std::string many = "[0";
  for (int i = 0; i < 100'000; ++i) many += ",0";
  EXPECT_THAT(StripJson(many + "]"), ReasonIs("PAYLOAD_TOO_LARGE"));
}

TEST(StripAttributes, NamesDecide) {
  google::protobuf::Map<std::string, std::string> attributes;
  attributes["version"] = "3";
  attributes["api_token"] = "t";
  EXPECT_THAT(StripAttributes(&attributes).paths, ElementsAre("/api_token"));
  EXPECT_EQ(attributes.size(), 1u);
}

TEST(FindSecrets, SomethingElseCanBePutInTheirPlace) {
  google::protobuf::Struct object = ParseStruct(R"({"b": [{"x_token": "2"}], "a_password": "1"})");
  ASSERT_OK_AND_ASSIGN(const std::vector<Found> found, FindSecrets(&object));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].path, "/a_password");
  EXPECT_EQ(found[1].value->string_value(), "2");
  found[1].value->set_string_value("sec_2");
  EXPECT_EQ(AsJson(object), json::parse(R"({"b": [{"x_token": "sec_2"}], "a_password": "1"})"));
  // The same of a value of any kind, whose own name is nobody's business here.
  ASSERT_OK_AND_ASSIGN(const std::vector<Found> within,
                       FindSecrets(&object.mutable_fields()->at("b")));
  ASSERT_EQ(within.size(), 1u);
  EXPECT_EQ(within[0].path, "/0/x_token");
}

TEST(Strip, AReferenceToTheVaultStays) {
  const std::string id = SecretId::New(absl::FromUnixSeconds(1)).ToString();
  const std::string text = "{\"api_token\":\"" + id + "\",\"n\":1,\"x_secret\":\"sec_no\",\"" +
                           "a_vault_ref\":\"" + id + "\",\"b_token\":[\"" + id + "\"]}";
  ASSERT_OK_AND_ASSIGN(const StrippedJson stripped, StripJson(text));
  EXPECT_EQ(stripped.text, "{\"api_token\":\"" + id + "\",\"n\":1}");
  EXPECT_THAT(stripped.report.paths, ElementsAre("/x_secret", "/a_vault_ref", "/b_token"));
  google::protobuf::Struct object = ParseStruct(text);
  ASSERT_OK_AND_ASSIGN(const Report report, Strip(&object));
  EXPECT_THAT(report.paths, ElementsAre("/a_vault_ref", "/b_token", "/x_secret"));
  EXPECT_EQ(object.fields().at("api_token").string_value(), id);
}

// The same by another way: a tree, stripped by the plain words of the rule.
json StrippedTree(const json& value) {
  if (value.is_array()) {
    json out = json::array();
    for (const json& element : value) out.push_back(StrippedTree(element));
    return out;
  }
  if (!value.is_object()) return value;
  json out = json::object();
  for (const auto& [name, member] : value.items()) {
    if (!IsSecretName(name)) out[name] = StrippedTree(member);
  }
  return out;
}

TEST(StripJson, RandomTreesLoseTheirSecretsAndNothingElse) {
  std::mt19937 random(20260921);
  const std::vector<std::string> names = {"a",          "b_token",   "c/d", "apiToken",
                                          "\u0442oken", "passwords", "~x",  "e_SECRET",
                                          "",           "vault_ref"};
  const std::function<json(int)> make = [&](int depth) -> json {
    const auto kind = random() % (depth > 8 ? 4 : 7);
    if (kind == 0) return nullptr;
    if (kind == 1) return static_cast<int>(random() % 1000) - 500;
    if (kind == 2) return names[random() % names.size()] + "\"\\\n";
    if (kind == 3) return random() % 2 == 0;
    const size_t size = random() % 6;
    json made = kind == 4 ? json::array() : json::object();
    for (size_t i = 0; i < size; ++i) {
      if (kind == 4) {
        made.push_back(make(depth + 1));
      } else {
        made[names[random() % names.size()]] = make(depth + 1);
      }
    }
    return made;
  };
  size_t stripped = 0;
  for (int i = 0; i < 3000; ++i) {
    const json tree = json::object({{"root", make(0)}});
    ASSERT_OK_AND_ASSIGN(const StrippedJson text, StripJson(tree.dump(i % 3 == 0 ? 2 : -1)));
    ASSERT_EQ(json::parse(text.text), StrippedTree(tree)) << tree.dump();
    google::protobuf::Struct object = ParseStruct(tree.dump());
    ASSERT_OK_AND_ASSIGN(const Report report, Strip(&object));
    ASSERT_EQ(AsJson(object), StrippedTree(tree));
    ASSERT_EQ(report.count, text.report.count);
    for (const std::string& path : report.paths) {
      ASSERT_TRUE(tree.contains(json::json_pointer(path))) << path;
    }
    stripped += report.count;
  }
  EXPECT_GT(stripped, 1000u);
}

}  // namespace
}  // namespace kasbah::payload
