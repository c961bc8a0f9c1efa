#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/merkle/note.h"
#include "libs/merkle/tlog_proof.h"
#include "libs/merkle/tree.h"

namespace kasbah::merkle {

// The origin of an installation's system log, and of a tenant's log: "<trust domain>/audit/…".
std::string SystemLogOrigin(std::string_view trust_domain);

// A log's name in the system log: SHA-256("kasbah system log 1\n" ‖ origin). Whoever knows the log
// finds it again, so nobody can be shown another log's head for their own; whoever does not learns
// nothing, since a tenant's id cannot be guessed and entries are shown to their own tenant alone.
Hash SystemLogName(std::string_view origin);

// An entry of the system log: how far one log had come, version 1.
//
//   u8      version, 1
//   32      name of the log
//   u64     size, big endian
//   32      root
struct SystemHead {
  Hash name{};
  uint64_t size = 0;
  Hash root{};

  std::string Serialize() const;
  // INVALID_ARGUMENT for anything that Serialize does not write.
  static absl::StatusOr<SystemHead> Parse(std::string_view bytes);
};

// A log's head as witnesses saw it: its entry, and the system log's head that holds it.
struct SeenHead {
  SystemHead entry;
  Checkpoint system;
};

// What a tlog-proof says of the log `origin`, whose extra data is the entry. `policy` is about the
// system log. INVALID_ARGUMENT, saying what does not hold.
absl::StatusOr<SeenHead> OpenSeenHead(std::string_view proof, std::string_view origin,
                                      const TlogPolicy& policy);

}  // namespace kasbah::merkle
