#include "services/audit/domain/head_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/strings.h"

namespace kasbah::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

merkle::Frontier TreeOf(uint64_t size, uint64_t changed) {
  merkle::Frontier tree;
  for (uint64_t i = 0; i < size; ++i) {
    tree.Append(merkle::LeafHash(StrCat(i, i == changed ? " changed" : "")));
  }
  return tree;
}

TEST(DifferingEventsTest, NamesTheSubtreeOfAChangedLeaf) {
  // 13 = 8 + 4 + 1.
  const merkle::Frontier head = TreeOf(13, 99);
  EXPECT_THAT(DifferingEvents(TreeOf(13, 99), head), IsEmpty());
  EXPECT_THAT(DifferingEvents(TreeOf(13, 0), head), ElementsAre("events 0 to 7"));
  EXPECT_THAT(DifferingEvents(TreeOf(13, 11), head), ElementsAre("events 8 to 11"));
  EXPECT_THAT(DifferingEvents(TreeOf(13, 12), head), ElementsAre("event 12"));
}

}  // namespace
}  // namespace kasbah::audit
