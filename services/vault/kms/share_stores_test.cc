// Shares in S3 and in AWS KMS: what both must do alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "libs/testing/aws_server.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include "services/vault/kms/kms_share_store.h"
#include "services/vault/kms/s3_share_store.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::AwsServer;
using ::testing::ElementsAre;
using ::testing::EndsWith;

class ShareStoresTest : public ::testing::TestWithParam<bool> {
 protected:
  std::unique_ptr<ShareStore> Make() {
    if (GetParam()) {
      return std::make_unique<S3ShareStore>(
          *aws::S3Bucket::Create({.bucket = AwsServer::kBucket,
                                  .prefix = "shares/",
                                  .region = AwsServer::kRegion,
                                  .endpoint = aws_.endpoint(),
                                  .credentials_file = aws_.credentials_file()},
                                 clock_));
    }
    return std::make_unique<KmsShareStore>(
        *aws::Kms::Create({.region = AwsServer::kRegion,
                           .endpoint = aws_.endpoint(),
                           .credentials_file = aws_.credentials_file()},
                          clock_));
  }

  AwsServer aws_;
  testing::FakeClock clock_;
  const ShareRef ref_{TenantId::New(absl::Now()), Uuid::V7(absl::Now())};
  const ShareRef other_{ref_.tenant, Uuid::V7(absl::Now())};
};

TEST_P(ShareStoresTest, AShareIsThereUntilItIsDestroyed) {
  const auto store = Make();
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes made, store->Make(ref_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes another, store->Make(other_));
  EXPECT_FALSE(made.Equals(another));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes read, Make()->Read(ref_));
  EXPECT_TRUE(read.Equals(made));
  ASSERT_OK(store->Destroy(ref_));
  EXPECT_TRUE(absl::IsDataLoss(store->Read(ref_).status()));
  EXPECT_OK(store->Destroy(ref_));
  EXPECT_OK(store->Read(other_).status());
}

TEST_P(ShareStoresTest, AnAbsentShareIsNotADestroyedOneAndSilenceIsNeither) {
  const auto store = Make();
  EXPECT_TRUE(absl::IsNotFound(store->Read(ref_).status()));
  ASSERT_OK(store->Make(ref_).status());
  aws_.SetDown(true);
  EXPECT_TRUE(absl::IsUnavailable(store->Read(ref_).status()));
  EXPECT_TRUE(absl::IsUnavailable(store->Destroy(ref_)));
  aws_.SetDown(false);
  EXPECT_OK(store->Read(ref_).status());
}

INSTANTIATE_TEST_SUITE_P(Both, ShareStoresTest, ::testing::Bool(), [](const auto& parameter) {
  return std::string(parameter.param ? "S3" : "Kms");
});

class S3ShareTest : public ShareStoresTest {};
TEST_P(S3ShareTest, NothingOfItIsLeftInTheBucketButTheMark) {
  const auto store = Make();
  ASSERT_OK(store->Make(ref_).status());
  ASSERT_OK(store->Destroy(ref_));
  EXPECT_THAT(aws_.Objects(), ElementsAre(EndsWith(".destroyed")));
}
INSTANTIATE_TEST_SUITE_P(S3, S3ShareTest, ::testing::Values(true));

}  // namespace
}  // namespace kasbah::vault
