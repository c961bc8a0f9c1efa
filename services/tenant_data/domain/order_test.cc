// What a list is ordered by, and what an update's mask names.
#include "services/tenant_data/domain/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/error.h"
#include "libs/testing/status_matchers.h"
#include "services/tenant_data/domain/change_mask.h"

namespace kasbah::tenantdata {
namespace {

using testing::StatusIs;

std::shared_ptr<const RuleTable> Rules() {
  CollectionDefinition collection;
  for (uint8_t i = 1; i <= 5; ++i) {
    FieldDefinition field;
    field.id = FieldId(Uuid({i}));
    field.key = std::string(1, static_cast<char>('a' + i - 1));
    field.type = i == 1 ? FieldType::kTimestamp : FieldType::kText;
    field.indexed = i <= 2 || i == 5;
    field.required = i == 2 || i == 5;
    if (i == 5) field.default_value.emplace().set_string_value("x");
    field.sealed = field.searchable = i == 4;
    collection.fields.push_back(field);
  }
  return *RuleTable::Compile(std::move(collection));
}

std::string RuleOf(const absl::Status& status) {
  const std::vector<Violation> violations = DetailsOf(status).violations;
  return violations.empty() ? "" : violations[0].field + " " + violations[0].rule;
}

TEST(ParseOrder, IsOneIndexedFieldAndItsDirection) {
  const auto rules = Rules();
  ASSERT_OK_AND_ASSIGN(const Order age, ParseOrder(*rules, ""));
  EXPECT_FALSE(age.field.has_value());
  ASSERT_OK_AND_ASSIGN(const Order by_a, ParseOrder(*rules, " a  desc "));
  EXPECT_EQ(by_a.column, IndexColumn::kTime);
  EXPECT_TRUE(by_a.descending);
  EXPECT_TRUE(by_a.may_lack);
  ASSERT_OK_AND_ASSIGN(const Order by_b, ParseOrder(*rules, "b asc"));
  EXPECT_FALSE(by_b.descending);
  EXPECT_FALSE(by_b.may_lack);
}

TEST(ParseOrder, RecordsMayLackARequiredFieldThatHasADefault) {
  ASSERT_OK_AND_ASSIGN(const Order by_e, ParseOrder(*Rules(), "e"));
  EXPECT_TRUE(by_e.may_lack);
}

TEST(ParseOrder, RefusesWhatNoIndexHas) {
  const auto rules = Rules();
  EXPECT_EQ(RuleOf(ParseOrder(*rules, "c").status()), "order_by UNINDEXED");
  EXPECT_EQ(RuleOf(ParseOrder(*rules, "d").status()), "order_by UNINDEXED");
  EXPECT_EQ(RuleOf(ParseOrder(*rules, "f").status()), "order_by UNKNOWN_FIELD");
  for (const char* text : {"a, b", "a DESC", "a desc desc", "a;", "desc a", "A"}) {
    EXPECT_EQ(RuleOf(ParseOrder(*rules, text).status()), "order_by SYNTAX") << text;
  }
}

TEST(ApplyMask, NamesWhatIsSetAndWhatIsRemoved) {
  const auto rules = Rules();
  google::protobuf::Struct values;
  (*values.mutable_fields())["b"].set_string_value("x");
  (*values.mutable_fields())["c"].set_string_value("y");
  google::protobuf::FieldMask mask;
  EXPECT_EQ((*ApplyMask(*rules, mask, values)).fields_size(), 2);
  mask.add_paths("values.b");
  mask.add_paths("values.a");
  ASSERT_OK_AND_ASSIGN(const auto changes, ApplyMask(*rules, mask, values));
  ASSERT_EQ(changes.fields_size(), 2);
  EXPECT_EQ(changes.fields().at("b").string_value(), "x");
  EXPECT_TRUE(changes.fields().at("a").has_null_value());
  mask.clear_paths();
  mask.add_paths("*");
  EXPECT_EQ((*ApplyMask(*rules, mask, values)).fields_size(), 5);
  mask.add_paths("values.b");
  EXPECT_EQ(RuleOf(ApplyMask(*rules, mask, values).status()), "update_mask UNKNOWN_FIELD");
}

}  // namespace
}  // namespace kasbah::tenantdata
