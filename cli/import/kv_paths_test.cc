#include "cli/import/kv_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ToSecretPath, KeepsWhatIsAllowedAndReplacesTheRest) {
  const auto path = [](const std::string& text) {
    return ToSecretPath(text).value_or("(refused)");
  };
  EXPECT_EQ(path("prod/db-url_2.x"), "prod/db-url_2.x");
  EXPECT_EQ(path("a b/c:d@e"), "a-b/c-d-e");
  EXPECT_EQ(path("/a//b/"), "a/b");
  EXPECT_EQ(path("ü"), "--");
  EXPECT_EQ(path("///"), "(refused)");
  EXPECT_EQ(path("sec_x"), "(refused)");
  EXPECT_EQ(path("x/sec_x"), "x/sec_x");
  EXPECT_EQ(path(std::string(255, 'a')).size(), 255u);
  EXPECT_EQ(path(std::string(256, 'a')), "(refused)");
}

TEST(PathClaims, TheUnchangedOneWinsAndOthersSeeWhy) {
  PathClaims claims;
  claims.Add("a-b", "a-b", true);
  claims.Add("a b", "a-b", false);
  claims.Add("x:y", "x-y", false);
  claims.Add("x y", "x-y", false);
  claims.Add("z z", "z-z", false);
  EXPECT_THAT(claims.Rivals("a-b", "a-b"), IsEmpty());
  EXPECT_THAT(claims.Rivals("a b", "a-b"), ElementsAre("a-b"));
  EXPECT_THAT(claims.Rivals("x:y", "x-y"), ElementsAre("x y"));
  EXPECT_THAT(claims.Rivals("x y", "x-y"), ElementsAre("x:y"));
  EXPECT_THAT(claims.Rivals("z z", "z-z"), IsEmpty());
}

}  // namespace
}  // namespace kasbah::cli
