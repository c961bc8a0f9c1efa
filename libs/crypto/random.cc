#include "libs/crypto/random.h"

#include <sys/random.h>

#include <cerrno>

#include "libs/base/error.h"

namespace kasbah::crypto {

void FillRandom(uint8_t* bytes, size_t size) {
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got = getrandom(bytes + filled, size - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    KASBAH_CHECK(got > 0);
    filled += static_cast<size_t>(got);
  }
}

}  // namespace kasbah::crypto
