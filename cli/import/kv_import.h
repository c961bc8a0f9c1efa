#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/import/kv_source.h"
#include "kasbah/vault/v1/secrets.pb.h"

namespace kasbah::cli {

// What became, or would become, of one version.
struct KvVersionResult {
  uint32_t source_version = 0;
  uint32_t version = 0;
  std::string created_time;
  // The source has no value any more: a version without one keeps the numbers alike.
  bool is_placeholder = false;
};

// What became of one secret.
struct KvResult {
  enum class Outcome { kCreated, kExtended, kUnchanged, kRefused };
  // "secret/app/db", "secret/app/db#password".
  std::string source;
  // Its path in Kasbah; empty when it cannot have one.
  std::string path;
  Outcome outcome = Outcome::kUnchanged;
  // Those that were added.
  std::vector<KvVersionResult> versions;
  // What was not kept as it was.
  std::vector<std::string> notes;
  // Of a refused one; what was added before stays.
  std::string problem;
};

struct KvReport {
  std::vector<KvResult> results;
  size_t Count(KvResult::Outcome outcome) const;
};

// Kasbah's side. Errors as services give them.
struct KvTarget {
  std::function<absl::StatusOr<vault::v1::Secret>(const vault::v1::GetSecretRequest&)> get;
  std::function<absl::StatusOr<vault::v1::Secret>(const vault::v1::CreateSecretRequest&)> create;
  std::function<absl::StatusOr<vault::v1::SecretVersion>(const vault::v1::AddSecretVersionRequest&)>
      add;
  std::function<absl::StatusOr<vault::v1::AccessSecretVersionResponse>(
      const vault::v1::AccessSecretVersionRequest&)>
      access;
  std::function<absl::StatusOr<vault::v1::SecretVersion>(
      const vault::v1::DestroySecretVersionRequest&)>
      destroy;
};

struct KvImportOptions {
  // A folder or a secret of the source; empty: all.
  std::string path;
  // Before every path in Kasbah; may be empty.
  std::string to;
  // A secret for each key instead of one with all.
  bool split = false;
  // Reads both sides and writes nothing.
  bool dry_run = false;
  // For how long a call to Kasbah is repeated.
  absl::Duration patience = absl::Seconds(60);
  std::function<void(size_t done, size_t total)> on_progress;
  std::function<void(const KvResult&)> on_result;
};

// The label that says where a secret came from: an import only goes on with what it made itself.
inline constexpr char kImportedFrom[] = "imported_from";
// Of a secret whose oldest versions are long gone: version 1 here is that much more there.
inline constexpr char kImportedOffset[] = "imported_offset";

// Copies secrets with their versions, in order and with their numbers. What is there already is
// compared, not written again, and every write has a request id that follows from what it writes:
// so an import that was broken off is run again, and a second one adds what is new. A secret that
// cannot be copied is reported and the others go on. Ends early only when the source cannot be
// listed.
absl::StatusOr<KvReport> ImportKv(KvSource& source, const KvTarget& target,
                                  const KvImportOptions& options);

}  // namespace kasbah::cli
