#include "services/vault/domain/root_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/telemetry/metrics.h"
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
  explicit LetterSeal(std::string name = "letter") : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  absl::StatusOr<std::string> Wrap(const RootKeyRef&, const crypto::SecretBytes& root) override {
    if (!status.ok()) return status;
    return "w" + std::string(root.view(kTest));
  }
  absl::StatusOr<crypto::SecretBytes> Unwrap(const RootKeyRef&, std::string_view wrapped) override {
    if (!status.ok()) return status;
    return crypto::SecretBytes::Copy(wrapped.substr(1));
  }
  absl::Status status;

 private:
  const std::string name_;
};

class RootKeysTest : public ::testing::Test {
 protected:
  LetterSeal seal_;
  fakes::MemoryRootKeys source_;
  FakeClock clock_;
  const WrappedKeyRef ref_{TenantId::New(clock_.Now()), KeyId::New(clock_.Now()), 1,
                           KeyPurpose::kEncrypt};
  const crypto::SecretBytes key_ = crypto::SecretBytes::Random(32);
};

TEST_F(RootKeysTest, SealedUntilTheSealAnswers) {
  RootKeys root({&seal_}, source_, clock_);
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

TEST_F(RootKeysTest, MetricsSayWhetherItIsSealed) {
  using ::testing::HasSubstr;
  seal_.status = absl::UnavailableError("away");
  RootKeys root({&seal_}, source_, clock_);
  EXPECT_FALSE(root.Unseal(absl::InfiniteFuture()).ok());
  EXPECT_THAT(telemetry::RenderMetrics(), HasSubstr("\nkasbah_vault_sealed 1\n"));
  seal_.status = absl::OkStatus();
  ASSERT_OK(root.Unseal(absl::InfiniteFuture()));
  EXPECT_THAT(telemetry::RenderMetrics(), HasSubstr("\nkasbah_vault_sealed 0\n"));
}

TEST_F(RootKeysTest, ReplicasThatStartTogetherUseTheSameKey) {
  RootKeys first({&seal_}, source_, clock_), second({&seal_}, source_, clock_);
  fakes::MemoryRootKeys empty_at_first;
  ASSERT_OK(first.Unseal(absl::InfiniteFuture()));
  empty_at_first.inserted_by_another = source_.keys.front();
  RootKeys late({&seal_}, empty_at_first, clock_);
  ASSERT_OK(late.Unseal(absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, first.Wrap(ref_, key_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes opened, late.Unwrap(ref_, wrapped));
  EXPECT_TRUE(opened.Equals(key_));
}

TEST_F(RootKeysTest, NeverMakesAKeyBesideOneThatDoesNotOpen) {
  source_.keys.push_back({{Uuid(), 1}, {{"letter", "w" + std::string(31, 'k')}}});
  RootKeys root({&seal_}, source_, clock_);
  EXPECT_FALSE(root.Unseal(absl::InfiniteFuture()).ok());
  source_.keys.front().wraps = {{"another", "w"}};
  EXPECT_FALSE(root.Unseal(absl::InfiniteFuture()).ok());
  EXPECT_EQ(source_.keys.size(), 1u);
  source_.keys.clear();
  source_.status = absl::UnavailableError("no database");
  EXPECT_FALSE(root.Unseal(absl::InfiniteFuture()).ok());
  EXPECT_TRUE(source_.keys.empty());
}

TEST_F(RootKeysTest, AnyOfItsSealsOpensIt) {
  LetterSeal second("second");
  RootKeys both({&seal_, &second}, source_, clock_);
  ASSERT_OK(both.Unseal(absl::InfiniteFuture()));
  EXPECT_EQ(source_.keys.front().wraps.size(), 2u);
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, both.Wrap(ref_, key_));
  // One is away, or gone for good.
  seal_.status = absl::UnavailableError("away");
  RootKeys without_first({&seal_, &second}, source_, clock_);
  ASSERT_OK(without_first.Unseal(absl::InfiniteFuture()));
  EXPECT_THAT(without_first.Unwrap(ref_, wrapped), IsOk());
  second.status = absl::UnavailableError("away too");
  RootKeys without_both({&seal_, &second}, source_, clock_);
  const absl::Status sealed = without_both.Unseal(absl::InfiniteFuture());
  EXPECT_THAT(sealed.ToString(), ::testing::HasSubstr("letter: away; second: away too"));
}

TEST_F(RootKeysTest, NoRootKeyIsMadeUnlessEverySealHasIt) {
  LetterSeal second("second");
  second.status = absl::UnavailableError("away");
  RootKeys root({&seal_, &second}, source_, clock_);
  EXPECT_FALSE(root.Unseal(absl::InfiniteFuture()).ok());
  EXPECT_TRUE(source_.keys.empty());
}

TEST_F(RootKeysTest, ASealIsReplacedWhileTheVaultRuns) {
  RootKeys before({&seal_}, source_, clock_);
  ASSERT_OK(before.Unseal(absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, before.Wrap(ref_, key_));
  LetterSeal next("next");
  RootKeys during({&seal_, &next}, source_, clock_);
  ASSERT_OK(during.Unseal(absl::InfiniteFuture()));
  next.status = absl::UnavailableError("not yet");
  EXPECT_FALSE(during.WrapMissing(absl::InfiniteFuture()).ok());
  EXPECT_EQ(source_.keys.front().wraps.size(), 1u);
  next.status = absl::OkStatus();
  ASSERT_OK(during.WrapMissing(absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(auto health, during.Check(absl::InfiniteFuture()));
  ASSERT_EQ(health.size(), 2u);
  EXPECT_EQ(health[1].name, "next");
  EXPECT_EQ(health[1].opened, 1u);
  EXPECT_EQ(health[1].problem, "");
  RootKeys after({&next}, source_, clock_);
  ASSERT_OK(after.Unseal(absl::InfiniteFuture()));
  EXPECT_THAT(after.Unwrap(ref_, wrapped), IsOk());
  ASSERT_OK_AND_ASSIGN(health, after.Check(absl::InfiniteFuture()));
  EXPECT_FALSE(health[0].is_configured);
  EXPECT_EQ(health[0].wrapped, 1u);
}

TEST_F(RootKeysTest, ASealThatOpensToAnotherKeyIsNamed) {
  RootKeys root({&seal_}, source_, clock_);
  ASSERT_OK(root.Unseal(absl::InfiniteFuture()));
  source_.keys.front().wraps["letter"] = "w" + std::string(32, 'x');
  ASSERT_OK_AND_ASSIGN(const auto health, root.Check(absl::InfiniteFuture()));
  EXPECT_EQ(health[0].opened, 0u);
  EXPECT_EQ(health[0].problem, "opens to another key");
}

TEST_F(RootKeysTest, AWrappedKeyOpensInItsOwnPlaceOnly) {
  RootKeys root({&seal_}, source_, clock_);
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
