#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/client/client.h"
#include "libs/merkle/export_verifier.h"
#include "libs/merkle/tlog_proof.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {

// What somebody trusts about a trail. Keys are texts, or files with one.
struct TrailTrust {
  std::string key;
  // Checkpoints that were kept, each a file.
  std::vector<std::string> checkpoints;
  // What `kasbah audit witnessed` wrote, and whom to believe about it: the system log's key, and
  // `quorum` of these witnesses; 0 asks for all of them.
  std::string witnessed;
  std::string system_key;
  std::vector<std::string> witnesses;
  size_t quorum = 0;
};

// What was checked, in order, and the first thing that does not hold.
struct TrailReport {
  std::vector<std::string> checked;
  // Empty: everything holds.
  std::string fault;
  // The same for programs: {"ok", "files", "kept", "fault"}.
  nlohmann::ordered_json json;

  bool ok() const { return fault.empty(); }
};

// Checks files offline: exports that follow each other, or tlog-proofs, one by one. Errors are of
// reading and of keys; what does not hold is a report.
absl::StatusOr<TrailReport> CheckTrailFiles(const std::vector<std::string>& files,
                                            const TrailTrust& trust);

// Checks the live log against the head in `state_file`, which the newest one then replaces, and
// against the witnessed head where witnesses are trusted.
absl::StatusOr<TrailReport> CheckLiveTrail(Client& client, const TrailTrust& trust,
                                           const std::string& state_file);

// Whom to believe about the system log.
absl::StatusOr<merkle::TlogPolicy> WitnessPolicy(const TrailTrust& trust);

// A verifier key, or a file with one.
absl::StatusOr<merkle::VerifierKey> ReadVerifierKey(
    const std::string& option, const std::string& key,
    merkle::NoteKeyType type = merkle::NoteKeyType::kEd25519);

}  // namespace kasbah::cli
