#include "services/tenant_data/domain/field.h"

#include <gtest/gtest.h>

namespace kasbah::tenantdata {
namespace {

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
  for (int i = 1; i <= static_cast<int>(FieldType::kFile); ++i) {
    const auto type = static_cast<FieldType>(i);
    EXPECT_EQ(ParseFieldType(FieldTypeName(type)), type);
  }
  EXPECT_EQ(ParseFieldType("blob"), FieldType::kUnspecified);
}

}  // namespace
}  // namespace kasbah::tenantdata
