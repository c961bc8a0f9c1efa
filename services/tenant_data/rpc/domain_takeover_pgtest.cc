#include <thread>

#include "absl/strings/str_cat.h"
#include "kasbah/tenantdata/v1/domains.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "services/tenant_data/rpc/domain_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;

class DomainTakeoverTest : public DomainServerTest {
 protected:
  std::string OwnerOf(const std::string& host) {
    const auto resolved = Resolve(host);
    return resolved.ok() ? resolved->tenant_id() : ReasonOf(resolved.status());
  }
};

TEST_F(DomainTakeoverTest, TwoMayClaimAndOneMayHold) {
  const v1::Domain of_a = Proved(a_, "shop.example.com");
  ASSERT_OK_AND_ASSIGN(const v1::Domain of_b, CreateDomain(b_, "shop.example.com"));
  EXPECT_NE(of_a.challenge().value(), of_b.challenge().value());
  // The proof that is there is the other's.
  EXPECT_THAT(Verify(b_, of_b), ReasonIs("DOMAIN_UNPROVED"));
  Publish(of_b);
  const int64_t audits = Audits();
  EXPECT_THAT(Verify(b_, of_b), ReasonIs("DOMAIN_TAKEN"));
  EXPECT_EQ(Audits(), audits);
  EXPECT_EQ(GetDomain(b_, of_b)->state(), v1::DOMAIN_STATE_PENDING);
  EXPECT_EQ(OwnerOf("shop.example.com"), a_.ToString());
  // Given up by the one, it is free for the other.
  ASSERT_OK(DeleteDomain(a_, of_a));
  ASSERT_OK(Verify(b_, of_b));
  EXPECT_EQ(OwnerOf("shop.example.com"), b_.ToString());
}

TEST_F(DomainTakeoverTest, OfTwoThatProveAtOnceExactlyOneWins) {
  std::vector<std::pair<v1::Domain, v1::Domain>> races;
  dns_.Stop();
  for (int i = 0; i < 12; ++i) {
    const std::string host = absl::StrCat("race-", i, ".example.com");
    races.emplace_back(*CreateDomain(a_, host), *CreateDomain(b_, host));
    Publish(races.back().first);
    Publish(races.back().second);
  }
  dns_.Start();
  for (const auto& [of_a, of_b] : races) {
    absl::StatusOr<v1::Domain> by_a;
    absl::StatusOr<v1::Domain> by_b;
    std::thread other([&, &theirs = of_b] { by_b = Verify(b_, theirs); });
    by_a = Verify(a_, of_a);
    other.join();
    EXPECT_NE(by_a.ok(), by_b.ok()) << of_a.host();
    EXPECT_THAT(by_a.ok() ? by_b : by_a, ReasonIs("DOMAIN_TAKEN"));
    EXPECT_EQ(OwnerOf(of_a.host()), (by_a.ok() ? a_ : b_).ToString());
  }
  EXPECT_EQ(Count("tenant_data.hosts"), 12);
  EXPECT_EQ(Count("tenant_data.domains WHERE state = 'verified'"), 12);
}

TEST_F(DomainTakeoverTest, AClaimMadeAgainAsksForAnotherProof) {
  const v1::Domain before = Proved(a_, "shop.example.com");
  ASSERT_OK(DeleteDomain(a_, before));
  ASSERT_OK_AND_ASSIGN(const v1::Domain again, CreateDomain(a_, "shop.example.com"));
  EXPECT_NE(again.challenge().value(), before.challenge().value());
  EXPECT_THAT(Verify(a_, again), ReasonIs("DOMAIN_UNPROVED"));
}

TEST_F(DomainTakeoverTest, AParentsProofIsNotTheChilds) {
  const v1::Domain parent = Proved(a_, "example.com");
  ASSERT_OK_AND_ASSIGN(const v1::Domain child, CreateDomain(b_, "shop.example.com"));
  dns_.Publish("_kasbah-challenge.example.com", {child.challenge().value()});
  dns_.Publish("shop.example.com", {child.challenge().value()});
  EXPECT_THAT(Verify(b_, child), ReasonIs("DOMAIN_UNPROVED"));
  EXPECT_EQ(OwnerOf("shop.example.com"), "NOT_FOUND");
}

TEST_F(DomainTakeoverTest, ADomainThatChangedHandsLapsesForTheOneBefore) {
  const v1::Domain before = Proved(a_, "shop.example.com");
  ASSERT_OK_AND_ASSIGN(const v1::Domain after, CreateDomain(b_, "shop.example.com"));
  Withdraw(before);
  Publish(after);
  EXPECT_EQ(LookAgainAfter(absl::ZeroDuration()), 0);
  EXPECT_THAT(Verify(b_, after), ReasonIs("DOMAIN_TAKEN"));
  // Looked at now, and not in six hours.
  EXPECT_EQ(LookAgainAfter(absl::ZeroDuration()), 1);
  // Asking on and on brings no more looks.
  EXPECT_THAT(Verify(b_, after), ReasonIs("DOMAIN_TAKEN"));
  EXPECT_EQ(LookAgainAfter(absl::ZeroDuration()), 0);
  EXPECT_EQ(LookAgainAfter(schedule_.retry), 1);
  EXPECT_EQ(OwnerOf("shop.example.com"), a_.ToString());
  EXPECT_EQ(LookAgainAfter(schedule_.retry), 1);
  EXPECT_EQ(GetDomain(a_, before)->state(), v1::DOMAIN_STATE_LAPSED);
  ASSERT_OK(Verify(b_, after));
  EXPECT_EQ(OwnerOf("shop.example.com"), b_.ToString());
}

TEST_F(DomainTakeoverTest, AClosedTenantsHostsAreFreeAtOnce) {
  const v1::Domain before = Proved(a_, "shop.example.com");
  EXPECT_EQ(OwnerOf("shop.example.com"), a_.ToString());
  v1::CloseTenantRequest close;
  close.set_reason("contract ended");
  ASSERT_OK(AsOperator(a_, &v1::TenantService::Stub::CloseTenant, close));
  EXPECT_EQ(OwnerOf("shop.example.com"), "NOT_FOUND");
  const v1::Domain after = Proved(b_, "shop.example.com");
  EXPECT_EQ(OwnerOf("shop.example.com"), b_.ToString());
  // Its own list follows at the next look, and takes nothing from the new owner.
  EXPECT_EQ(LookAgainAfter(schedule_.recheck), 2);
  EXPECT_EQ(Count("tenant_data.domains WHERE state = 'lapsed'"), 1);
  EXPECT_EQ(GetDomain(b_, after)->state(), v1::DOMAIN_STATE_VERIFIED);
  EXPECT_EQ(OwnerOf("shop.example.com"), b_.ToString());
}

}  // namespace
}  // namespace kasbah::tenantdata
