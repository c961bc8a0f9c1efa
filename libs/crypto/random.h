#pragma once

#include <cstddef>
#include <cstdint>

namespace kasbah::crypto {

// Fills `size` bytes from the operating system's generator, getrandom(2); crashes when there is
// none. Asked each time, so that a forked or restored process never repeats another's bytes.
void FillRandom(uint8_t* bytes, size_t size);

}  // namespace kasbah::crypto
