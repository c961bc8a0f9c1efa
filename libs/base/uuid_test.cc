#include "libs/base/uuid.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah {
namespace {

TEST(Uuid, V7CarriesVersionVariantAndMilliseconds) {
  const absl::Time now = absl::FromUnixMillis(1'645'557'742'000);
  const Uuid id = Uuid::V7(now);
  EXPECT_EQ(id.bytes()[6] >> 4, 7);
  EXPECT_EQ(id.bytes()[8] >> 6, 2);
  EXPECT_EQ(id.time(), now);
  // The timestamp of RFC 9562's example, appendix A.6.
  EXPECT_EQ(id.ToString().substr(0, 15), "017f22e2-79b0-7");
}

TEST(Uuid, V7SortsInTheOrderOfCreationWithinAMillisecond) {
  const absl::Time now = absl::Now() + absl::Hours(1);
  Uuid last = Uuid::V7(now);
  for (int i = 0; i < 100'000; ++i) {
    const Uuid next = Uuid::V7(now);
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(Uuid, V7KeepsTheOrderWhenTheClockStepsBack) {
  const absl::Time now = absl::Now() + absl::Hours(2);
  const Uuid first = Uuid::V7(now);
  EXPECT_LT(first, Uuid::V7(now - absl::Seconds(2)));
}

TEST(Uuid, V7NeverRepeatsAcrossThreads) {
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto& ids : made) {
    threads.emplace_back([&ids] {
      for (int i = 0; i < 10'000; ++i) ids.push_back(Uuid::V7(absl::Now()));
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<Uuid> all;
  for (const auto& ids : made) all.insert(ids.begin(), ids.end());
  EXPECT_EQ(all.size(), 40'000u);
}

TEST(Uuid, ParseAcceptsEitherCaseAndFormatsLower) {
  ASSERT_OK_AND_ASSIGN(const Uuid id, Uuid::Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
  EXPECT_EQ(id.ToString(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(Uuid, ParseRefusesEverythingElse) {
  for (const char* text :
       {"", "017f22e279b07cc398c4dc0c0c07398f", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2x79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f "}) {
    EXPECT_THAT(Uuid::Parse(text), testing::StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(Uuid, FromBytesTakesExactlySixteen) {
  const Uuid id = Uuid::V7(absl::Now());
  ASSERT_OK_AND_ASSIGN(const Uuid same, Uuid::FromBytes(id.view()));
  EXPECT_EQ(same, id);
  EXPECT_FALSE(Uuid::FromBytes("short").ok());
  EXPECT_FALSE(Uuid::FromBytes(std::string(17, 'x')).ok());
}

}  // namespace
}  // namespace kasbah
