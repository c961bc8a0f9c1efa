// Every block of memory that the vault's process gives back is wiped first: not only what holds our
// own secrets (libs/crypto/secret_bytes.h) but what gRPC, protobuf, OpenSSL and libpq copied of a
// request or a reply on its way. glibc lets a program stand before its allocator's functions
// ("Replacing malloc" in its manual); these two only wipe, and pass on. Another allocator's
// operator delete would pass them by, hence OWN_FREE in the vault's CMakeLists.txt.
//
// Not covered: what is still in use (a connection's TLS buffers until it ends), stacks and
// registers. tests/security/memory_test.cc measures what is left.

#include <malloc.h>
#include <string.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>

extern "C" {

void __libc_free(void* block);
void* __libc_malloc(size_t size);

void free(void* block) noexcept {
  if (block == nullptr) return;
  const int error = errno;
  explicit_bzero(block, malloc_usable_size(block));
  __libc_free(block);
  errno = error;
}

void* realloc(void* block, size_t size) noexcept {
  if (block == nullptr) return __libc_malloc(size);
  if (size == 0) {
    free(block);
    return nullptr;
  }
  // glibc's own would leave the old block behind as it is.
  const size_t held = malloc_usable_size(block);
  if (size <= held && size >= held / 2) return block;
  void* moved = __libc_malloc(size);
  if (moved == nullptr) return nullptr;
  memcpy(moved, block, size < held ? size : held);
  free(block);
  return moved;
}

}  // extern "C"
