#include "services/vault/domain/secret.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"
#include "services/vault/domain/key.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;

TEST(SecretPathTest, TakesSegmentsAndNothingElse) {
  for (const char* path : {"a", "prod/db-url", "A.b_c-9/x/y"}) {
    EXPECT_THAT(CheckSecretPath(path), IsOk()) << path;
  }
  for (const std::string& path :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"),
        std::string("a b"), std::string("a\nb"), std::string("ä"), std::string("sec_x"),
        std::string(256, 'a'), std::string("a%b")}) {
    EXPECT_THAT(CheckSecretPath(path), ReasonIs("INVALID_FIELDS")) << path;
  }
}

TEST(SecretRefTest, KnowsAnIdFromAPath) {
  const SecretId id = SecretId::New(absl::Now());
  ASSERT_OK_AND_ASSIGN(const SecretRef by_id, SecretRef::Parse(id.ToString()));
  EXPECT_EQ(by_id.id(), id);
  EXPECT_FALSE(by_id.path().has_value());
  ASSERT_OK_AND_ASSIGN(const SecretRef by_path, SecretRef::Parse("prod/db"));
  EXPECT_EQ(by_path.path(), "prod/db");
  EXPECT_FALSE(by_path.id().has_value());
  EXPECT_FALSE(SecretRef::Parse("sec_nonsense").ok());
  EXPECT_FALSE(SecretRef::Parse("a b").ok());
}

TEST(PathsBelowTest, EndAtASegment) {
  EXPECT_EQ(PathsBelow(""), "");
  EXPECT_EQ(PathsBelow("prod"), "prod/");
  EXPECT_EQ(PathsBelow("prod/"), "prod/");
}

TEST(KeyNameTest, ParsesWholeNamesAndTheVaultsOwn) {
  ASSERT_OK_AND_ASSIGN(const KeyName own, KeyName::Parse("secrets"));
  EXPECT_EQ(own.ToString(), "service/vault/secrets");
  ASSERT_OK_AND_ASSIGN(const KeyName whole, KeyName::Parse("service/tenant-data/fields"));
  EXPECT_EQ(whole.owner, "service/tenant-data");
  EXPECT_EQ(whole.name, "fields");
  for (const char* text : {"", "Secrets", "tenant/x/fields", "service/fields", "service//fields",
                           "service/a/b/c", "service/tenant-data/", "a/b"}) {
    EXPECT_THAT(KeyName::Parse(text), ReasonIs("INVALID_FIELDS")) << text;
  }
}

}  // namespace
}  // namespace kasbah::vault
