#include "libs/crypto/secret_bytes.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "libs/crypto/secret_arena.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::crypto {
namespace {

const SecretAccess kTest = SecretAccess::ForTest();

// The flags that the kernel keeps for the mapping that holds `address`.
std::string MappingFlags(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long low = 0, high = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &low, &high) == 2) {
      const auto at = reinterpret_cast<unsigned long>(address);
      inside = low <= at && at < high;
    } else if (inside && line.starts_with("VmFlags:")) {
      return line;
    }
  }
  return "";
}

TEST(SecretBytesTest, HoldsACopy) {
  std::string source = "secret";
  const SecretBytes bytes = SecretBytes::Copy(source);
  source[0] = 'X';
  EXPECT_EQ(bytes.view(kTest), "secret");
  EXPECT_TRUE(bytes.Equals(bytes.Clone()));
  EXPECT_FALSE(bytes.Equals(SecretBytes::Copy("secrex")));
  EXPECT_FALSE(bytes.Equals(SecretBytes::Copy("secre")));
  EXPECT_TRUE(SecretBytes().Equals(SecretBytes()));
}

TEST(SecretBytesTest, MovingLeavesNothingBehind) {
  SecretBytes first = SecretBytes::Copy("secret");
  SecretBytes second = std::move(first);
  EXPECT_EQ(second.view(kTest), "secret");
  first = SecretBytes::Copy("another");
  first = std::move(second);
  EXPECT_EQ(first.view(kTest), "secret");
}

TEST(SecretBytesTest, ABlockComesBackWiped) {
  const uint8_t* block = nullptr;
  {
    SecretBytes bytes = SecretBytes::Copy(std::string(100, 'k'));
    block = bytes.mutable_data(kTest);
  }
  // The arena hands out the last block it took back.
  SecretBytes again = SecretBytes::OfSize(100);
  ASSERT_EQ(again.mutable_data(kTest), block);
  EXPECT_EQ(again.view(kTest), std::string(100, '\0'));
}

// The sanitizers' runtimes answer mlock and lock nothing.
#ifdef KASBAH_SANITIZED
constexpr bool kMemoryCanBeLocked = false;
#else
constexpr bool kMemoryCanBeLocked = true;
#endif

TEST(SecretBytesTest, PagesAreLockedAndLeftOutOfCoreDumps) {
  if (!kMemoryCanBeLocked) GTEST_SKIP() << "a sanitizer stands before mlock";
  for (size_t size : {32u, 4096u, 100'000u}) {
    SecretBytes bytes = SecretBytes::Random(size);
    const std::string flags = MappingFlags(bytes.mutable_data(kTest));
    EXPECT_NE(flags.find(" dd"), std::string::npos) << flags;
    if (SecretArena::Process().Locking().ok()) {
      EXPECT_NE(flags.find(" lo"), std::string::npos) << flags;
    }
  }
}

TEST(SecretBytesTest, ThreadsShareTheArena) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (size_t i = 1; i < 2000; ++i) {
        const std::string value(i % 5000, static_cast<char>('a' + t));
        const SecretBytes bytes = SecretBytes::Copy(value);
        ASSERT_EQ(bytes.view(kTest), value);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SecretBytesTest, WipeEmptiesAString) {
  std::string value = "a secret that is longer than the small string buffer";
  const char* data = value.data();
  const size_t size = value.size();
  Wipe(value);
  EXPECT_TRUE(value.empty());
  EXPECT_EQ(std::string(data, size), std::string(size, '\0'));
}

TEST(SecretArenaTest, SaysThatMemoryCouldNotBeLocked) {
  if (!kMemoryCanBeLocked) GTEST_SKIP() << "a sanitizer stands before mlock";
  // In a child, since the limit and the arena's word are the process's.
  EXPECT_EXIT(
      {
        // Root may lock whatever the limit; without the privilege the limit counts.
        if (geteuid() == 0 && setuid(65534) != 0) _exit(3);
        const rlimit none = rlimit();
        if (setrlimit(RLIMIT_MEMLOCK, &none) != 0) _exit(4);
        const SecretBytes bytes = SecretBytes::Random(100'000);
        _exit(SecretArena::Process().Locking().ok() ? 5 : 0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(HardenProcessTest, TurnsCoreDumpsOff) {
  EXPECT_EXIT(
      {
        if (!HardenProcess().ok()) _exit(1);
        rlimit core{};
        getrlimit(RLIMIT_CORE, &core);
        _exit(core.rlim_max == 0 ? 0 : 2);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace kasbah::crypto
