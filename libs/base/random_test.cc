#include "libs/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace kasbah {
namespace {

std::string Draw(size_t size) {
  std::string bytes(size, '\0');
  FillRandom(bytes.data(), bytes.size());
  return bytes;
}

TEST(Random, GivesNothingTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(Draw(16)).second);
}

TEST(Random, ThreadsDrawFromStocksOfTheirOwn) {
  std::vector<std::string> drawn(8);
  std::vector<std::thread> threads;
  for (std::string& mine : drawn) threads.emplace_back([&mine] { mine = Draw(10); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(drawn.begin(), drawn.end()).size(), drawn.size());
}

TEST(Random, FillsMoreThanItFetchesAtOnce) {
  for (const size_t size : {size_t{0}, size_t{255}, size_t{256}, size_t{257}, size_t{5000}}) {
    const std::string bytes = Draw(size);
    // Each quarter holds something: no part was left as it was.
    for (size_t at = 0; at + 64 <= size; at += 64) {
      EXPECT_NE(bytes.substr(at, 64), std::string(64, '\0')) << size << " at " << at;
    }
  }
}

}  // namespace
}  // namespace kasbah
