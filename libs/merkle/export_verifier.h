#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/merkle/leaf.h"
#include "libs/merkle/note.h"
#include "libs/merkle/tree.h"

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
  // The first and the last event's; of files without events, 0.
  uint64_t first = 0;
  uint64_t last = 0;
  // Personal values that were erased since they were logged.
  uint64_t erased_values = 0;
};

struct ExportVerdict {
  std::optional<ExportFault> fault;
  // As far as it was read.
  ExportSummary summary;

  bool ok() const { return !fault.has_value(); }
};

// A head of the log that somebody kept, or that witnesses cosigned: the trail has to hold it.
struct KeptHead {
  // For messages: "yesterday.checkpoint".
  std::string source;
  Checkpoint checkpoint;
  bool found = false;
};

// What one file of a trail hands to the next.
struct TrailChain {
  int files = 0;
  bool contiguous = true;
  // Of every event up to the last one read: the first file's first proof begins it.
  std::optional<Frontier> tree;
  absl::Time last_recorded_at = absl::InfinitePast();
  Checkpoint last_checkpoint;
  std::vector<KeptHead> kept;
};

// Checks a trail that was exported in several files, such as a year by months: each as VerifyExport
// does, and that each goes on where the one before ended, in the same history, whatever checkpoint
// it was exported under. Kept heads are found by building the tree from the events themselves.
// Events of a pruned beginning that were held are checked by their own proofs and are no part of
// what follows. Not thread safe.
class TrailVerifier {
 public:
  TrailVerifier(VerifierKey key, std::vector<KeptHead> kept);

  // The next file, in order; after one with a fault the rest says nothing.
  ExportVerdict Add(std::istream& file);
  // After the last one: a kept head that is not found in the trail, and why.
  std::optional<std::string> Finish();

 private:
  VerifierKey key_;
  TrailChain chain_;
};

using EventObserver = std::function<absl::Status(uint64_t sequence, const Leaf& leaf)>;

// Checks an exported trail with nothing but the log's public key: the signatures of checkpoint,
// manifest and trailer; that each event is the one that was logged, at its place in the tree of the
// checkpoint; personal values against what the log committed to; order and times; that no line was
// added, left out, changed or moved; and, of a whole log or a whole part of one (ExportRange), that
// no event is missing. Reads line by line and stops at the first fault. `observe`, where there is
// one, is given each event that holds; an error of its own is a fault of that line.
//
// Does not show that the checkpoint is the log's newest, nor that the log shows everybody the same
// one: keep checkpoints and ask for consistency proofs between them.
ExportVerdict VerifyExport(std::istream& file, const VerifierKey& key,
                           const EventObserver& observe = nullptr);

}  // namespace kasbah::merkle
