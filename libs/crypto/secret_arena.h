#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"

namespace kasbah::crypto {

// Memory for secrets: pages that are locked (never swapped) and left out of core dumps, handed out
// in blocks of a few sizes and wiped when they come back. Larger blocks get pages of their own. The
// operating system returns the pages of a process that ended zeroed. Thread safe.
class SecretArena {
 public:
  // The process's one arena; never destroyed, so that static objects may hold secrets.
  static SecretArena& Process();

  // At least `size` bytes, zeroed; crashes when the machine has none left.
  uint8_t* Allocate(size_t size);
  // Wipes all of the block and takes it back. `size` as allocated.
  void Release(uint8_t* block, size_t size);

  // FAILED_PRECONDITION when some pages could not be locked, because RLIMIT_MEMLOCK is too small:
  // secrets are still kept out of core dumps, but may be swapped. Say so once, at start.
  absl::Status Locking() const;

  SecretArena(const SecretArena&) = delete;
  SecretArena& operator=(const SecretArena&) = delete;

 private:
  SecretArena();
  struct State;
  State* state_;
};

// Keeps this process's memory from others of the same user and from disk: no core dumps
// (RLIMIT_CORE 0), no ptrace and no readable /proc/<pid>/mem (PR_SET_DUMPABLE 0). For the start of
// main in processes that hold keys.
absl::Status HardenProcess();

}  // namespace kasbah::crypto
