#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace kasbah::vault {

// Uses of a key version that PostgreSQL has counted already and nobody has made yet: counting
// ahead, in blocks, so that a crash forgets no use. Thread safe.
class UseBlock {
 public:
  // Takes `uses` if that many are left.
  bool Take(int64_t uses) {
    int64_t left = left_.load(std::memory_order_relaxed);
    while (left >= uses) {
      if (left_.compare_exchange_weak(left, left - uses, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void Add(int64_t uses) { left_.fetch_add(uses, std::memory_order_relaxed); }
  // What is left, which is nobody's then: to be given back.
  int64_t TakeAll() { return left_.exchange(0, std::memory_order_relaxed); }

  // How many to count ahead when `uses` are wanted: more each time, for a key that is used a lot.
  int64_t NextSize(int64_t uses) {
    const int64_t size = next_.load(std::memory_order_relaxed);
    next_.store(std::min(size * 8, kLargest), std::memory_order_relaxed);
    return std::max(size, uses);
  }

 private:
  static constexpr int64_t kFirst = 256;
  static constexpr int64_t kLargest = 1'048'576;
  std::atomic<int64_t> left_{0};
  std::atomic<int64_t> next_{kFirst};
};

}  // namespace kasbah::vault
