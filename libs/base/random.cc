#include "libs/base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "libs/base/error.h"

namespace kasbah {
namespace {

// What getrandom returns whole, whatever interrupts it.
constexpr size_t kFetch = 256;

struct Stock {
  std::array<uint8_t, kFetch> bytes;
  size_t left = 0;
};

void Refill(Stock& stock) {
  ssize_t got;
  do {
    got = getrandom(stock.bytes.data(), kFetch, 0);
  } while (got < 0 && errno == EINTR);
  KASBAH_CHECK(got == static_cast<ssize_t>(kFetch));
  stock.left = kFetch;
}

}  // namespace

void FillRandom(void* out, size_t size) {
  static thread_local Stock stock;
  auto* next = static_cast<uint8_t*>(out);
  while (size > 0) {
    if (stock.left == 0) Refill(stock);
    const size_t taken = std::min(size, stock.left);
    uint8_t* const from = stock.bytes.data() + (stock.left - taken);
    memcpy(next, from, taken);
    // What was given out is not given again, nor found in memory.
    memset(from, 0, taken);
    stock.left -= taken;
    next += taken;
    size -= taken;
  }
}

}  // namespace kasbah
