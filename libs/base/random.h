#pragma once

#include <cstddef>

namespace kasbah {

// Bytes of the kernel's generator, which a thread fetches a few hundred at a time: for ids, spans
// and salts, where a system call each would cost more than the rest of an id. Keys and secrets come
// from crypto::FillRandom.
void FillRandom(void* out, size_t size);

}  // namespace kasbah
