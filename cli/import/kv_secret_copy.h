#pragma once

#include <map>
#include <string>

#include "cli/import/kv_import.h"

namespace kasbah::cli {

// One secret to be made, and where its versions' payloads are.
struct KvSecret {
  // "secret/app/db".
  std::string source;
  std::string path;
  KvMetadata metadata;
  // Unset when the version has no value (any more).
  std::function<absl::StatusOr<std::optional<std::string>>(uint32_t version)> payload;
};

// Copies what is missing of `secret`.
KvResult CopyKvSecret(const KvSecret& secret, const KvTarget& target,
                      const KvImportOptions& options);

}  // namespace kasbah::cli
