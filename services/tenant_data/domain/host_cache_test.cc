#include "services/tenant_data/domain/host_cache.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "libs/testing/fake_clock.h"

namespace kasbah::tenantdata {
namespace {

class HostCacheTest : public ::testing::Test {
 protected:
  bool Knows(const std::string& host) { return cache_.Find(host).has_value(); }

  testing::FakeClock clock_;
  HostCache cache_{clock_};
  const HostOwner owner_{TenantId::New(clock_.Now()), "acme", TenantState::kActive, true};
};

TEST_F(HostCacheTest, AnswersAreKeptForAMomentAbsentOnesToo) {
  EXPECT_FALSE(Knows("a"));
  cache_.Put("a", owner_, cache_.generation());
  cache_.Put("b", std::nullopt, cache_.generation());
  EXPECT_EQ(cache_.Find("a").value()->slug, "acme");
  EXPECT_EQ(cache_.Find("b").value(), std::nullopt);
  clock_.Advance(HostCache::kKept - absl::Milliseconds(1));
  EXPECT_TRUE(Knows("a"));
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_FALSE(Knows("a"));
  EXPECT_FALSE(Knows("b"));
}

TEST_F(HostCacheTest, WhatWasReadBeforeAChangeIsNotKeptAfterIt) {
  const uint64_t before = cache_.generation();
  cache_.Put("a", owner_, before);
  cache_.Clear();
  EXPECT_FALSE(Knows("a"));
  cache_.Put("a", owner_, before);
  EXPECT_FALSE(Knows("a"));
  cache_.Put("a", owner_, cache_.generation());
  EXPECT_TRUE(Knows("a"));
}

TEST_F(HostCacheTest, HoldsNoMoreThanItsMost) {
  cache_.Put("old", owner_, cache_.generation());
  clock_.Advance(HostCache::kKept);
  for (size_t i = 1; i < HostCache::kMost; ++i) {
    cache_.Put(absl::StrCat("h", i), std::nullopt, cache_.generation());
  }
  // What is over makes room first.
  cache_.Put("one more", owner_, cache_.generation());
  EXPECT_TRUE(Knows("one more"));
  EXPECT_TRUE(Knows("h1"));
  cache_.Put("beyond", owner_, cache_.generation());
  EXPECT_TRUE(Knows("beyond"));
  EXPECT_FALSE(Knows("h1"));
}

}  // namespace
}  // namespace kasbah::tenantdata
