#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/merkle/export_verifier.h"
#include "libs/merkle/note.h"

namespace kasbah::merkle {

// What a bundle is, in the text of a signed note. It cannot be taken for a checkpoint: those have a
// bare number in their second line.
//
//   <origin> archive 1
//   name 2025-03-1200
//   range 1200 1500
//   size 9000
//   events <Base64 of the SHA-256 of the events' file>
struct ArchiveManifest {
  std::string origin;
  std::string name;
  uint64_t first = 0;
  uint64_t past = 0;
  // Of the checkpoint that the events are proved in.
  uint64_t size = 0;
  // 32 bytes.
  std::string events_sha256;

  std::string ToText() const;
  static absl::StatusOr<ArchiveManifest> Parse(std::string_view text);
};

struct ArchiveVerdict {
  // What does not hold, and where.
  std::optional<std::string> fault;
  ExportSummary summary;
  uint64_t personal_values = 0;

  bool ok() const { return !fault.has_value(); }
};

// Checks a bundle with nothing but the log's public key: the events as VerifyExport does, all of
// the manifest's range and no other, under its digest; and each personal value against what its
// event's leaf commits to. Personal values may be missing: those were redacted, or are kept
// elsewhere.
ArchiveVerdict VerifyArchive(std::istream& events, std::istream& personal,
                             std::string_view manifest, const VerifierKey& key);

}  // namespace kasbah::merkle
