#include "services/@schema@/domain/@resource@.h"

#include <gmock/gmock.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::@package@ {
namespace {

using ::kasbah::testing::ReasonIs;

TEST(Title, IsWhatStandsBetweenTheSpaces) {
  ASSERT_OK_AND_ASSIGN(const std::string title, ParseTitle("  two words\n"));
  EXPECT_EQ(title, "two words");
}

TEST(Title, OfSpacesAloneIsNone) { EXPECT_THAT(ParseTitle(" \t"), ReasonIs("INVALID_FIELDS")); }

}  // namespace
}  // namespace kasbah::@package@
