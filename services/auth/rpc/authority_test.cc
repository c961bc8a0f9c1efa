#include "services/auth/rpc/authority.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"
#include "services/auth/rpc/assertion_cache.h"

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;

rpc::Call UserWith(Role role) {
  rpc::Call call;
  call.actor_kind = policy::v1::ACTOR_KIND_USER;
  call.permissions = PermissionsOf(role);
  return call;
}

TEST(Authority, NobodyGrantsMoreThanTheyHold) {
  EXPECT_OK(CheckMayGrant(UserWith(Role::kOwner), Role::kOwner));
  EXPECT_OK(CheckMayGrant(UserWith(Role::kAdmin), Role::kAdmin));
  EXPECT_THAT(CheckMayGrant(UserWith(Role::kAdmin), Role::kOwner), ReasonIs("ROLE_EXCEEDS_OWN"));
  EXPECT_THAT(CheckMayGrant(UserWith(Role::kViewer), Role::kMember), ReasonIs("ROLE_EXCEEDS_OWN"));
}

TEST(Authority, AnOperatorAppointsTheFirstOwner) {
  rpc::Call call;
  call.actor_kind = policy::v1::ACTOR_KIND_OPERATOR;
  EXPECT_OK(CheckMayGrant(call, Role::kOwner));
}

TEST(Authority, MembersAreNotOneCustomersBusiness) {
  rpc::Call call = UserWith(Role::kOwner);
  EXPECT_OK(CheckWholeTenant(call));
  call.customer = CustomerId::New(absl::Now());
  EXPECT_THAT(CheckWholeTenant(call), ReasonIs("PERMISSION_DENIED"));
}

class AssertionCacheTest : public ::testing::Test {
 protected:
  AssertionCache::Issued IssuedAt(absl::Time time) {
    AssertionCache::Issued issued;
    issued.assertion = "token";
    issued.issue_time = time;
    issued.expire_time = time + absl::Seconds(60);
    return issued;
  }
  const absl::Time now_ = absl::FromUnixSeconds(1'790'000'000);
  const std::string hash_ = std::string(32, 'h');
  AssertionCache cache_;
};

TEST_F(AssertionCacheTest, AnAssertionIsHandedOutForFiveSeconds) {
  cache_.Put(hash_, "spiffe://a/b", IssuedAt(now_));
  EXPECT_TRUE(cache_.Find(hash_, "spiffe://a/b", now_ + absl::Milliseconds(4999)).has_value());
  EXPECT_FALSE(cache_.Find(hash_, "spiffe://a/b", now_ + absl::Seconds(5)).has_value());
}

TEST_F(AssertionCacheTest, WhatWasIssuedToOneIsNotGivenToAnother) {
  cache_.Put(hash_, "spiffe://a/b", IssuedAt(now_));
  EXPECT_FALSE(cache_.Find(hash_, "spiffe://a/c", now_).has_value());
  EXPECT_FALSE(cache_.Find(std::string(32, 'i'), "spiffe://a/b", now_).has_value());
}

TEST_F(AssertionCacheTest, NothingOutlivesItsOwnEnd) {
  AssertionCache::Issued issued = IssuedAt(now_);
  issued.expire_time = now_ + absl::Seconds(2);
  cache_.Put(hash_, "spiffe://a/b", issued);
  EXPECT_FALSE(cache_.Find(hash_, "spiffe://a/b", now_ + absl::Seconds(2)).has_value());
}

}  // namespace
}  // namespace kasbah::auth
