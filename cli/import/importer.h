#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/import/entries.h"
#include "kasbah/tenantdata/v1/records.pb.h"

namespace kasbah::cli {

// An entry that the service, or the file itself, did not let in.
struct RefusedEntry {
  size_t number = 0;
  // Empty field: the entry as a whole.
  std::vector<tenantdata::v1::Violation> violations;
  // That are not named.
  uint32_t more_violations = 0;
};

struct ImportReport {
  size_t entries = 0;
  size_t created = 0;
  std::vector<RefusedEntry> refused;
};

struct ImportOptions {
  std::string collection;
  // cus_…; empty: the tenant's own.
  std::string customer_id;
  // Entries in a call; fewer where they are large.
  size_t batch = 200;
  // For how long a call is repeated while the service is away or busy.
  absl::Duration patience = absl::Seconds(60);
  std::function<void(size_t done, size_t total)> on_progress;
  std::function<void(const RefusedEntry&)> on_refused;
};

using CreateBatch = std::function<absl::StatusOr<tenantdata::v1::BatchCreateRecordsResponse>(
    const tenantdata::v1::BatchCreateRecordsRequest&)>;

// Sends a file's entries in batches, each with a request id of its own, so that repeating a call
// whose answer was lost creates nothing twice. Ends at the first error that repeating does not
// help; what was created before stays.
absl::StatusOr<ImportReport> Import(const ImportFile& file, const ImportOptions& options,
                                    const CreateBatch& create);

}  // namespace kasbah::cli
