#include "services/tenant_data/domain/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const FieldId kCode{Uuid({1})};
const FieldId kName{Uuid({2})};

TEST(ResolveClaims, AllGoInWhereNothingIsTaken) {
  const ClaimOutcome outcome = ResolveClaims(2, {{0, kCode, "a", true}, {1, kCode, "b", true}});
  EXPECT_THAT(outcome.taken, ElementsAre(IsEmpty(), IsEmpty()));
  EXPECT_THAT(outcome.release, IsEmpty());
  EXPECT_THAT(outcome.reclaim, IsEmpty());
}

TEST(ResolveClaims, AValueOfARecordOutsideRefusesAndFreesTheRest) {
  const ClaimOutcome outcome = ResolveClaims(1, {{0, kCode, "a", false}, {0, kName, "n", true}});
  EXPECT_THAT(outcome.taken, ElementsAre(ElementsAre(kCode)));
  ASSERT_EQ(outcome.release.size(), 1u);
  EXPECT_EQ(outcome.release[0].field, kName);
}

TEST(ResolveClaims, TheFirstOfEqualItemsGoesIn) {
  const ClaimOutcome outcome = ResolveClaims(2, {{0, kCode, "a", true}, {1, kCode, "a", false}});
  EXPECT_THAT(outcome.taken, ElementsAre(IsEmpty(), ElementsAre(kCode)));
}

TEST(ResolveClaims, WhatARefusedItemWantedStaysFreeForTheNext) {
  // Item 0 wins the name but its code is taken; item 1 wants that name.
  const ClaimOutcome outcome = ResolveClaims(2, {{0, kCode, "taken", false},
                                                 {0, kName, "n", true},
                                                 {1, kCode, "b", true},
                                                 {1, kName, "n", false}});
  EXPECT_THAT(outcome.taken, ElementsAre(ElementsAre(kCode), IsEmpty()));
  ASSERT_EQ(outcome.release.size(), 1u);
  EXPECT_EQ(outcome.release[0].item, 0u);
  ASSERT_EQ(outcome.reclaim.size(), 1u);
  EXPECT_EQ(outcome.reclaim[0].item, 1u);
}

TEST(ResolveClaims, EveryTakenFieldIsNamed) {
  const ClaimOutcome outcome = ResolveClaims(1, {{0, kCode, "a", false}, {0, kName, "n", false}});
  EXPECT_THAT(outcome.taken, ElementsAre(ElementsAre(kCode, kName)));
}

}  // namespace
}  // namespace kasbah::tenantdata
