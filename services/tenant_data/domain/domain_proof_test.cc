#include "services/tenant_data/domain/domain_proof.h"

#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"

namespace kasbah::tenantdata {
namespace {

const std::string kNonce(32, 'n');

TEST(DomainProof, StandsOnANameOfItsOwn) {
  EXPECT_EQ(ChallengeName("shop.example.com"), "_kasbah-challenge.shop.example.com");
}

TEST(DomainProof, IsBoundToTenantHostAndNonce) {
  const TenantId tenant = TenantId::New(absl::Now());
  const std::string value = ChallengeValue(tenant, "shop.example.com", kNonce);
  EXPECT_EQ(value.size(), std::string("kasbah-domain=").size() + 43);
  EXPECT_EQ(value, ChallengeValue(tenant, "shop.example.com", kNonce));
  EXPECT_NE(value, ChallengeValue(TenantId::New(absl::Now()), "shop.example.com", kNonce));
  EXPECT_NE(value, ChallengeValue(tenant, "example.com", kNonce));
  EXPECT_NE(value, ChallengeValue(tenant, "shop.example.com", std::string(32, 'm')));
}

TEST(DomainProof, OneOfSeveralRecordsIsEnough) {
  const std::string value = ChallengeValue(TenantId::New(absl::Now()), "example.com", kNonce);
  EXPECT_TRUE(IsProvedBy({value}, value));
  EXPECT_TRUE(IsProvedBy({"v=spf1 -all", value, "other"}, value));
  EXPECT_TRUE(IsProvedBy({" " + value + "\t"}, value));
}

TEST(DomainProof, NothingElseIsAProof) {
  const std::string value = ChallengeValue(TenantId::New(absl::Now()), "example.com", kNonce);
  EXPECT_FALSE(IsProvedBy({}, value));
  EXPECT_FALSE(IsProvedBy({""}, value));
  EXPECT_FALSE(IsProvedBy({absl::AsciiStrToLower(value)}, value));
  EXPECT_FALSE(IsProvedBy({value.substr(0, 30), value.substr(30)}, value));
  EXPECT_FALSE(IsProvedBy({value + "x", "x" + value, "\"" + value + "\""}, value));
}

}  // namespace
}  // namespace kasbah::tenantdata
