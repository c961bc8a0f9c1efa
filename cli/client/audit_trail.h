#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client/client.h"
#include "kasbah/audit/v1/audit.pb.h"
#include "libs/merkle/note.h"

namespace kasbah::cli {

// Streams the tenant's trail to `take`, whole lines at a time. Returns how many events there were.
absl::StatusOr<uint64_t> ExportTrail(Client& client, const audit::v1::EventFilter& filter,
                                     const std::function<absl::Status(const std::string&)>& take);

// The same into a file, which appears when it is complete.
absl::StatusOr<uint64_t> ExportTrailToFile(Client& client, const audit::v1::EventFilter& filter,
                                           const std::string& path);

// A verifier key, or the file with one that `key` names.
absl::StatusOr<merkle::VerifierKey> ReadVerifierKey(const std::string& key);

struct TrailVerdict {
  bool ok = false;
  // "312 events, sequence 0..311, checkpoint …", or what does not hold and where.
  std::string text;
};

// Checks a file from ExportTrail with the log's public key alone. `key` is the verifier key or a
// file with it. Errors are of reading; a file that does not hold is a verdict.
absl::StatusOr<TrailVerdict> VerifyTrail(const std::string& path, const std::string& key);

}  // namespace kasbah::cli
