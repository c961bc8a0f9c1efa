#include "services/vault/domain/root_keys.h"

#include <gtest/gtest.h>

#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include "services/vault/domain/fakes.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::FakeClock;
using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;

const crypto::SecretAccess kTest = crypto::SecretAccess::ForTest();

// Wraps by adding a letter; refuses while it is told to.
class LetterSeal : public Seal {
 public:
  std::string_view name() const override { return "letter"; }
  absl::StatusOr<std::string> Wrap(const RootKeyRef&, const crypto::SecretBytes& root) override {
    if (!status.ok()) return status;
    return "w" + std::string(root.view(kTest));
  }
  absl::StatusOr<crypto::SecretBytes> Unwrap(const RootKeyRef&, std::string_view wrapped) override {
    if (!status.ok()) return status;
    return crypto::SecretBytes::Copy(wrapped.substr(1));
  }
  absl::Status status;
};

class RootKeysTest : public ::testing::Test {
 protected:
  LetterSeal seal_;
  testing::MemoryRootKeys source_;
  FakeClock clock_;
  const WrappedKeyRef ref_{TenantId::New(clock_.Now()), KeyId::New(clock_.Now()), 1,
                           KeyPurpose::kEncrypt};
  const crypto::SecretBytes key_ = crypto::SecretBytes::Random(32);
};

TEST_F(RootKeysTest, SealedUntilTheSealAnswers) {
  RootKeys root(seal_, source_, clock_);
  seal_.status = absl::FailedPreconditionError("away");
  EXPECT_FALSE(root.Unseal(absl::InfiniteFuture()).ok());
  EXPECT_THAT(root.Ready(), ReasonIs("SEALED"));
  EXPECT_THAT(root.Wrap(ref_, key_), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(root.Unwrap(ref_, "x"), ReasonIs("SEALED"));
  EXPECT_EQ(root.version(), 0u);
  EXPECT_TRUE(source_.keys.empty());

  seal_.status = absl::OkStatus();
  EXPECT_OK(root.Unseal(absl::InfiniteFuture()));
  EXPECT_THAT(root.Ready(), IsOk());
  EXPECT_EQ(root.version(), 1u);
}

TEST_F(RootKeysTest, ReplicasThatStartTogetherUseTheSameKey) {
  RootKeys first(seal_, source_, clock_), second(seal_, source_, clock_);
  testing::MemoryRootKeys empty_at_first;
  ASSERT_OK(first.Unseal(absl::InfiniteFuture()));
  empty_at_first.inserted_by_another = source_.keys.front();
  RootKeys late(seal_, empty_at_first, clock_);
  ASSERT_OK(late.Unseal(absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, first.Wrap(ref_, key_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes opened, late.Unwrap(ref_, wrapped));
  EXPECT_TRUE(opened.Equals(key_));
}

TEST_F(RootKeysTest, NeverMakesAKeyBesideOneThatDoesNotOpen) {
  source_.keys.push_back({{Uuid(), 1}, "letter", "w" + std::string(31, 'k')});
  RootKeys root(seal_, source_, clock_);
  EXPECT_FALSE(root.Unseal(absl::InfiniteFuture()).ok());
  source_.keys.front().seal = "another";
  EXPECT_FALSE(root.Unseal(absl::InfiniteFuture()).ok());
  EXPECT_EQ(source_.keys.size(), 1u);
  source_.keys.clear();
  source_.status = absl::UnavailableError("no database");
  EXPECT_FALSE(root.Unseal(absl::InfiniteFuture()).ok());
  EXPECT_TRUE(source_.keys.empty());
}

TEST_F(RootKeysTest, AWrappedKeyOpensInItsOwnPlaceOnly) {
  RootKeys root(seal_, source_, clock_);
  ASSERT_OK(root.Unseal(absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, root.Wrap(ref_, key_));
  const auto lost = StatusIs(absl::StatusCode::kDataLoss);
  WrappedKeyRef other = ref_;
  other.tenant = kSystemTenant;
  EXPECT_THAT(root.Unwrap(other, wrapped), lost);
  other = ref_;
  other.key = KeyId();
  EXPECT_THAT(root.Unwrap(other, wrapped), lost);
  other = ref_;
  other.version = 2;
  EXPECT_THAT(root.Unwrap(other, wrapped), lost);
  other = ref_;
  other.purpose = KeyPurpose::kMac;
  EXPECT_THAT(root.Unwrap(other, wrapped), lost);
  EXPECT_THAT(root.Unwrap(ref_, "short"), lost);
  EXPECT_THAT(root.Unwrap(ref_, wrapped), IsOk());
}

}  // namespace
}  // namespace kasbah::vault
