#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/client/audit_trail.h"
#include "cli/client/client.h"
#include "kasbah/audit/v1/retention.pb.h"

namespace kasbah::cli {

// Writes <name>.events.jsonl, <name>.personal.jsonl and <name>.manifest into `directory`. Returns
// the path that the three begin with.
absl::StatusOr<std::string> DownloadBundle(Client& client, const audit::v1::Archive& archive,
                                           const std::string& directory);

// Checks these three files with the log's public key alone. Errors are of reading; a bundle that
// does not hold is a verdict.
absl::StatusOr<TrailVerdict> VerifyBundle(const std::string& path, const std::string& key);

}  // namespace kasbah::cli
