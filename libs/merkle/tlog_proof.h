#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/merkle/note.h"
#include "libs/merkle/tree.h"

namespace kasbah::merkle {

// An entry's proof in a file of its own (C2SP tlog-proof): where it stands, the way to the root,
// and the checkpoint with whatever cosignatures it has.
struct TlogProof {
  // Not signed by anybody: here the entry itself, so that a proof needs nothing beside it.
  std::optional<std::string> extra;
  uint64_t index = 0;
  std::vector<Hash> hashes;
  // A signed note, as it came.
  std::string checkpoint;

  std::string Serialize() const;
  // INVALID_ARGUMENT for anything that Serialize does not write; 63 hashes at the most.
  static absl::StatusOr<TlogProof> Parse(std::string_view text);
};
inline constexpr std::string_view kTlogProofHeader = "c2sp.org/tlog-proof@v1\n";

// Whom somebody trusts about one log: its own key, and any `quorum` of these witnesses.
struct TlogPolicy {
  VerifierKey log;
  std::vector<VerifierKey> witnesses;
  size_t quorum = 0;
};

// Of `witnesses`, those that cosigned the note's text.
std::vector<VerifierKey> CosignersOf(const ParsedNote& note,
                                     const std::vector<VerifierKey>& witnesses);

// The checkpoint of a note that satisfies the policy. INVALID_ARGUMENT, saying what is missing.
absl::StatusOr<Checkpoint> OpenWitnessed(std::string_view note, const TlogPolicy& policy);

// The same, and the proof leads to it from `leaf_hash`.
absl::StatusOr<Checkpoint> VerifyTlogProof(const TlogProof& proof, const Hash& leaf_hash,
                                           const TlogPolicy& policy);

}  // namespace kasbah::merkle
