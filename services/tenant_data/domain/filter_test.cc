#include "services/tenant_data/domain/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::tenantdata {
namespace {

using testing::StatusIs;

std::shared_ptr<const RuleTable> Rules() {
  CollectionDefinition collection;
  collection.id = CollectionId(Uuid({9}));
  for (uint8_t i = 1; i <= 3; ++i) {
    FieldDefinition field;
    field.id = FieldId(Uuid({i}));
    field.key = i == 1 ? "code" : i == 2 ? "price" : "note";
    field.type = i == 2 ? FieldType::kDecimal : FieldType::kText;
    field.scale = i == 2 ? 2 : 0;
    field.indexed = i != 3;
    collection.fields.push_back(field);
  }
  return *RuleTable::Compile(std::move(collection));
}

google::protobuf::Struct Equals(const std::string& key, const std::string& text) {
  google::protobuf::Struct equals;
  (*equals.mutable_fields())[key].set_string_value(text);
  return equals;
}

std::vector<std::string> PathsOf(const absl::Status& status) {
  std::vector<std::string> paths;
  for (const Violation& violation : DetailsOf(status).violations) paths.push_back(violation.field);
  return paths;
}

TEST(ParseFilter, ValuesAreTypedLikeTheField) {
  const auto rules = Rules();
  ASSERT_OK_AND_ASSIGN(const std::vector<Condition> conditions,
                       ParseFilter(*rules, Equals("price", "1.5")));
  ASSERT_EQ(conditions.size(), 1u);
  EXPECT_EQ(conditions[0].key.integer, 150);
}

TEST(ParseFilter, UnindexedAndUnknownFieldsAreRefusedByName) {
  const auto rules = Rules();
  google::protobuf::Struct equals = Equals("note", "x");
  (*equals.mutable_fields())["nope"].set_string_value("x");
  (*equals.mutable_fields())["price"].set_string_value("much");
  const auto parsed = ParseFilter(*rules, equals);
  EXPECT_THAT(parsed, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PathsOf(parsed.status()),
              ::testing::ElementsAre("equals.nope", "equals.note", "equals.price"));
}

TEST(DescribeList, DiffersWhereFiltersDiffer) {
  const auto rules = Rules();
  const auto describe = [&](const google::protobuf::Struct& equals) {
    return DescribeList(*rules, *ParseFilter(*rules, equals));
  };
  EXPECT_EQ(describe(Equals("price", "1.5")), describe(Equals("price", "1.50")));
  EXPECT_NE(describe(Equals("price", "1.5")), describe(Equals("price", "1.51")));
  EXPECT_NE(describe(Equals("code", "a")), describe({}));
  EXPECT_NE(describe(Equals("code", "a")), describe(Equals("code", "b")));
}

}  // namespace
}  // namespace kasbah::tenantdata
