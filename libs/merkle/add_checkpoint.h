#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/merkle/tree.h"

namespace kasbah::merkle {

// What a log asks of a witness (C2SP tlog-witness, add-checkpoint): to cosign a checkpoint that
// follows the one the witness cosigned last.
struct AddCheckpoint {
  uint64_t old_size = 0;
  std::vector<Hash> proof;
  // A signed note.
  std::string checkpoint;

  // A request's body.
  std::string Serialize() const;
  // INVALID_ARGUMENT for anything that Serialize does not write; 63 hashes at the most.
  static absl::StatusOr<AddCheckpoint> Parse(std::string_view body);
};

// The media type of a 409's body, which is the size that the witness knows.
inline constexpr std::string_view kSizeMediaType = "text/x.tlog.size";

}  // namespace kasbah::merkle
