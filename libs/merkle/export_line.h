#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/merkle/leaf.h"
#include "libs/merkle/tree.h"

namespace kasbah::merkle {

// An event's line of an export, taken apart and not yet believed. Views into the line.
struct ExportLineParts {
  // Shown for a field, or not; and whether it was shown as erased.
  struct Shown {
    bool present = false;
    bool erased = false;
    std::string salt;
    std::string value;
  };
  std::optional<uint64_t> sequence;
  std::string recorded_at;
  std::string_view body;
  std::string leaf_bytes;
  Leaf leaf;
  std::array<Shown, kPersonalFields.size()> personal;
  std::vector<Hash> proof;
};

// `line` without its newline. INVALID_ARGUMENT, saying what is wrong, for one that an export does
// not write; `parts` then holds what was read until there, so that a fault can name the event.
absl::Status ParseExportLine(std::string_view line, ExportLineParts* parts);

// That what the line shows is what its leaf was made of: body, id, time and personal values.
// Counts erased values in `erased`.
absl::Status CheckExportLine(const ExportLineParts& parts, std::string_view origin,
                             uint64_t* erased);

}  // namespace kasbah::merkle
