#include "libs/subject/row_ids.h"

#include <gtest/gtest.h>

#include "libs/base/ids.h"

namespace kasbah::subject {
namespace {

constexpr char kUuid[] = "0190163d-8694-739b-aea5-966c26f8ad91";

TEST(RowIds, AColumnThatIsAnIdIsShownAsCallersKnowIt) {
  const std::string customer = CustomerId(*Uuid::Parse(kUuid)).ToString();
  EXPECT_EQ(WithPublicIds(std::string(R"({"customer_id":")") + kUuid + R"(","name":"Ada"})"),
            R"({"customer_id":")" + customer + R"(","name":"Ada"})");
}

TEST(RowIds, OtherColumnsAndNullsStayAsTheyAre) {
  const std::string row =
      std::string(R"({"other":")") + kUuid + R"(","customer_id":null,"n":9007199254740993})";
  EXPECT_EQ(WithPublicIds(row), row);
  EXPECT_EQ(WithPublicIds(R"({"customer_id":"not one"})"), R"({"customer_id":"not one"})");
}

TEST(RowIds, WhatIsNoObjectStaysAsItCame) {
  EXPECT_EQ(WithPublicIds("[1,"), "[1,");
  EXPECT_EQ(WithPublicIds("[1]"), "[1]");
}

}  // namespace
}  // namespace kasbah::subject
