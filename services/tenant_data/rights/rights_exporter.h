#pragma once

#include "services/tenant_data/rights/rights_parts.h"

namespace kasbah::tenantdata {

// The work of exports: a page of a service's rows, a file, or the manifest, each a member of the
// archive in a piece of its own. Bounded memory: some MB of rows, or segments of a file. Thread
// safe.
class RightsExporter {
 public:
  explicit RightsExporter(const RightsParts& parts) : parts_(parts) {}

  // The next piece of `operation`, whose step is one of an export. `call` outlives the note.
  absl::StatusOr<RightsNote> Do(const CallContext& call, const RightsOperation& operation,
                                const HoldOn& hold_on);

 private:
  absl::StatusOr<RightsNote> ExportSubject(const CallContext& call,
                                           const RightsOperation& operation,
                                           const std::string& service);
  absl::StatusOr<RightsNote> ExportTenant(const CallContext& call, const RightsOperation& operation,
                                          const std::string& service);
  absl::StatusOr<RightsNote> ExportFile(const CallContext& call, const RightsOperation& operation,
                                        const HoldOn& hold_on);
  absl::StatusOr<RightsNote> Manifest(const CallContext& call, const RightsOperation& operation);

  // Of those that there are, how many names begin so.
  absl::StatusOr<int64_t> CountMembers(const CallContext& call, const RightsOperation& operation,
                                       const std::string& prefix);
  absl::StatusOr<std::optional<StoredFile>> NextFile(const CallContext& call,
                                                     const RightsOperation& operation);
  absl::Status CopyFile(const CallContext& call, const RightsOperation& operation,
                        const StoredFile& file, const HoldOn& hold_on, RightsNote* note);
  absl::Status Write(const CallContext& call, const RightsOperation& operation,
                     const std::string& content, RightsNote* note);

  const RightsParts& parts_;
};

}  // namespace kasbah::tenantdata
