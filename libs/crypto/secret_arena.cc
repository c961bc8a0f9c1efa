#include "libs/crypto/secret_arena.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/error.h"

namespace kasbah::crypto {
namespace {

constexpr size_t kSmallestBlock = 32;
constexpr size_t kLargestBlock = 4096;
constexpr size_t kChunk = 64 * 1024;
constexpr size_t kSizes = 8;  // 32, 64, … 4096
static_assert((kSmallestBlock << (kSizes - 1)) == kLargestBlock);

size_t SizeIndex(size_t size) {
  const size_t block = std::bit_ceil(std::max(size, kSmallestBlock));
  return static_cast<size_t>(std::countr_zero(block) - std::countr_zero(kSmallestBlock));
}

size_t WholePages(size_t size) {
  static const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

struct SecretArena::State {
  std::atomic<bool> locking_failed{false};
  std::array<absl::Mutex, kSizes> mutexes;
  std::array<std::vector<uint8_t*>, kSizes> free;

  uint8_t* Map(size_t size) {
    void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    KASBAH_CHECK(pages != MAP_FAILED);
    if (mlock(pages, size) != 0) locking_failed.store(true, std::memory_order_relaxed);
    KASBAH_CHECK(madvise(pages, size, MADV_DONTDUMP) == 0);
    // A fork's child has no business with our secrets: it sees zeros.
    KASBAH_CHECK(madvise(pages, size, MADV_WIPEONFORK) == 0);
    return static_cast<uint8_t*>(pages);
  }
};

SecretArena::SecretArena() : state_(new State) {}

SecretArena& SecretArena::Process() {
  static SecretArena* const arena = new SecretArena;
  return *arena;
}

uint8_t* SecretArena::Allocate(size_t size) {
  if (size == 0) return nullptr;
  if (size > kLargestBlock) return state_->Map(WholePages(size));
  const size_t index = SizeIndex(size);
  absl::MutexLock lock(&state_->mutexes[index]);
  std::vector<uint8_t*>& free = state_->free[index];
  if (free.empty()) {
    const size_t block = kSmallestBlock << index;
    uint8_t* chunk = state_->Map(kChunk);
    free.reserve(free.size() + kChunk / block);
    for (size_t at = 0; at < kChunk; at += block) free.push_back(chunk + at);
  }
  uint8_t* block = free.back();
  free.pop_back();
  return block;
}

void SecretArena::Release(uint8_t* block, size_t size) {
  if (block == nullptr) return;
  if (size > kLargestBlock) {
    const size_t mapped = WholePages(size);
    OPENSSL_cleanse(block, mapped);
    KASBAH_CHECK(munmap(block, mapped) == 0);
    return;
  }
  const size_t index = SizeIndex(size);
  OPENSSL_cleanse(block, kSmallestBlock << index);
  absl::MutexLock lock(&state_->mutexes[index]);
  state_->free[index].push_back(block);
}

absl::Status SecretArena::Locking() const {
  if (!state_->locking_failed.load(std::memory_order_relaxed)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "memory for secrets could not be locked and may be swapped: raise RLIMIT_MEMLOCK");
}

absl::Status HardenProcess() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) {
    return absl::InternalError(absl::StrCat("cannot turn core dumps off: ", std::strerror(errno)));
  }
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return absl::InternalError(absl::StrCat("cannot turn dumping off: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace kasbah::crypto
