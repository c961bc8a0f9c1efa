#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>

#include "libs/merkle/leaf.h"
#include "libs/merkle/note.h"

namespace kasbah::merkle {

// The first thing in a file that does not hold.
struct ExportFault {
  // Counted from 1.
  uint64_t line = 0;
  // The event it stands in, where that is known.
  std::optional<uint64_t> sequence;
  // "the event is not the one that was logged".
  std::string what;

  // "line 7 (event 5): …".
  std::string ToString() const;
};

// What a file that holds says.
struct ExportSummary {
  Checkpoint checkpoint;
  // Canonical JSON of what was asked for; "{}" is the whole log.
  std::string filter;
  uint64_t events = 0;
  // Personal values that were erased since they were logged.
  uint64_t erased_values = 0;
};

struct ExportVerdict {
  std::optional<ExportFault> fault;
  // As far as it was read.
  ExportSummary summary;

  bool ok() const { return !fault.has_value(); }
};

// Checks an exported trail with nothing but the log's public key: the signatures of checkpoint,
// manifest and trailer; that each event is the one that was logged, at its place in the tree of the
// checkpoint; personal values against what the log committed to; order and times; that no line was
// added, left out, changed or moved; and, of a whole log or a whole part of one (ExportRange), that
// no event is missing. Reads line by line and stops at the first fault. `observe`, where there is
// one, is given each event that holds; an error of its own is a fault of that line.
//
// Does not show that the checkpoint is the log's newest, nor that the log shows everybody the same
// one: keep checkpoints and ask for consistency proofs between them.
using EventObserver = std::function<absl::Status(uint64_t sequence, const Leaf& leaf)>;
ExportVerdict VerifyExport(std::istream& file, const VerifierKey& key,
                           const EventObserver& observe = nullptr);

}  // namespace kasbah::merkle
