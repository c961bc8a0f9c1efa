#include <gtest/gtest.h>

#include "services/audit/log/audit_fixture.h"
#include "services/audit/log/signing_key.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class SigningKeyTest : public AuditTest {};

TEST_F(SigningKeyTest, ReplicasThatStartTogetherShareOneKey) {
  SigningKey other(*key_store_, sealer_, Clock::Real());
  AwaitKey();
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!other.Get().ok() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(2));
  ASSERT_OK_AND_ASSIGN(const auto mine, key_->Get());
  ASSERT_OK_AND_ASSIGN(const auto others, other.Get());
  EXPECT_EQ(mine->public_key(), others->public_key());
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.signing_key"), "1");
}

TEST_F(SigningKeyTest, IsUnavailableUntilTheVaultAnswersAndThenComesByItself) {
  AwaitKey();
  OpenSealer vault;
  vault.away = true;
  SigningKey restarted(*key_store_, vault, Clock::Real());
  EXPECT_THAT(restarted.Get(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(restarted.Get(), ReasonIs("SIGNING_KEY_UNAVAILABLE"));
  vault.away = false;
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!restarted.Get().ok() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(2));
  EXPECT_OK(restarted.Get());
}

TEST_F(SigningKeyTest, ChangedHeadsAreSignedWithoutBeingAskedFor) {
  AwaitKey();
  Log(Repeat(a_, 3));
  checkpointer_->Grown({a_});
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  const auto size = [&] { return test_->QueryValue("SELECT size FROM audit.checkpoint"); };
  while (size() != "3" && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(20));
  EXPECT_EQ(size(), "3");
}

TEST_F(SigningKeyTest, MoreThanAreSignedAtATimeAreSignedInTheirTurn) {
  AwaitKey();
  // Logs that nobody names are looked for the first time, and then a minute later.
  Log(Repeat(a_, 1));
  checkpointer_->Grown({a_});
  const auto of = [&](const std::string& what) {
    return std::stoi(test_->QueryValue("SELECT count(" + what + ") FROM audit.checkpoint"));
  };
  const auto signed_by_now = [&](int count) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (of("*") < count && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(20));
    return of("*");
  };
  ASSERT_EQ(signed_by_now(1), 1);
  std::vector<TenantId> tenants;
  for (int i = 0; i < 300; ++i) tenants.push_back(TenantId::New(absl::Now()));
  for (const TenantId tenant : tenants) Log(Repeat(tenant, 1));
  checkpointer_->Grown(tenants);
  EXPECT_EQ(signed_by_now(301), 301);
  EXPECT_EQ(of("DISTINCT signed_at"), 4);
  // Last, those that were named last.
  std::string last =
      "SELECT count(*) FROM audit.checkpoint WHERE signed_at = "
      "(SELECT max(signed_at) FROM audit.checkpoint) AND tenant_id IN (";
  for (size_t i = 200; i < 300; ++i) {
    last += (i == 200 ? "'" : ",'") + tenants[i].uuid().ToString() + "'";
  }
  EXPECT_EQ(test_->QueryValue(last + ")"), "100");
}

TEST_F(SigningKeyTest, AHeadBehindASignedOneIsNotSigned) {
  AwaitKey();
  Log(Repeat(a_, 2));
  test_->Execute("CREATE TABLE public.kept AS SELECT * FROM audit.log_head");
  Log(Repeat(a_, 2));
  ASSERT_OK(checkpointer_->Current(Call(a_)));
  Tamper(a_,
         "UPDATE audit.log_head h SET size = k.size, root = k.root, frontier = k.frontier "
         "FROM public.kept k WHERE h.tenant_id = $ AND k.tenant_id = h.tenant_id");
  EXPECT_THAT(checkpointer_->Current(Call(a_)), ReasonIs("LOG_DAMAGED"));
}

TEST_F(SigningKeyTest, AHeadBesideASignedOneIsNotSigned) {
  AwaitKey();
  Log(Repeat(a_, 2));
  ASSERT_OK(checkpointer_->Current(Call(a_)));
  Tamper(a_, "UPDATE audit.log_head SET root = sha256('x') WHERE tenant_id = $");
  EXPECT_THAT(checkpointer_->Current(Call(a_)), ReasonIs("LOG_DAMAGED"));
}

TEST_F(SigningKeyTest, AnEmptyLogHasACheckpoint) {
  AwaitKey();
  ASSERT_OK_AND_ASSIGN(const SignedCheckpoint head, checkpointer_->Current(Call(a_)));
  EXPECT_EQ(head.checkpoint.size, 0u);
  ASSERT_OK_AND_ASSIGN(const merkle::VerifierKey key,
                       merkle::VerifierKey::Parse(head.verifier_key));
  EXPECT_OK(merkle::OpenCheckpoint(head.note, key));
  EXPECT_EQ(head.checkpoint.origin, "kasbah.dev/audit/" + a_.ToString());
}

}  // namespace
}  // namespace kasbah::audit
