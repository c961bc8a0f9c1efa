#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/merkle/leaf.h"
#include "libs/merkle/note.h"
#include "libs/merkle/proof.h"

namespace kasbah::merkle {

// An exported trail, JSON Lines (docs/audit-format.md): a header with the signed checkpoint and a
// signed statement of what was asked for, one line for each event with its proof, and a trailer
// that signs how many lines there are and what they hash to. Each event's line can be checked on
// its own.

// A personal value as an export shows it; without salt and value it was erased.
struct DisclosedValue {
  std::string salt;
  std::string value;
};

struct ExportedEvent {
  uint64_t sequence = 0;
  // The bytes that were hashed, as stored.
  std::string body;
  std::string leaf;
  // In the order of kPersonalFields; of a field that the leaf does not commit to, nothing is shown.
  std::array<std::optional<DisclosedValue>, kPersonalFields.size()> personal;
  std::vector<Hash> proof;
};

// One line, its newline included. INVALID_ARGUMENT when the stored leaf cannot be read.
absl::StatusOr<std::string> ExportLine(const ExportedEvent& event);

// A digest over lines that needs to remember 32 bytes only: d(0) = 32 zero bytes,
// d(n) = SHA-256(d(n-1) ‖ SHA-256(line n with its newline)).
class LineDigest {
 public:
  void Add(std::string_view line);
  const Hash& hash() const { return hash_; }

 private:
  Hash hash_{};
};

// The texts that are signed in header and trailer. They cannot be taken for checkpoints: those have
// a bare number in their second line.
struct ExportManifest {
  std::string origin;
  uint64_t size = 0;
  // Canonical JSON object of what was asked for; "{}" is the whole log.
  std::string filter;

  std::string ToText() const;
  static absl::StatusOr<ExportManifest> Parse(std::string_view text);
};
struct ExportTrailer {
  std::string origin;
  uint64_t events = 0;
  Hash digest{};

  std::string ToText() const;
  static absl::StatusOr<ExportTrailer> Parse(std::string_view text);
};

inline constexpr std::string_view kTrailerStart = "{\"kasbah_export_end\":";

// Writes one export, start to end. Not thread safe; the key outlives it.
class ExportWriter {
 public:
  ExportWriter(Checkpoint checkpoint, std::string filter, const crypto::Ed25519Key& key);

  absl::StatusOr<std::string> Header();
  absl::StatusOr<std::string> Line(const ExportedEvent& event);
  absl::StatusOr<std::string> Trailer();
  uint64_t events() const { return events_; }

 private:
  Checkpoint checkpoint_;
  std::string filter_;
  const crypto::Ed25519Key& key_;
  LineDigest digest_;
  uint64_t events_ = 0;
};

}  // namespace kasbah::merkle
