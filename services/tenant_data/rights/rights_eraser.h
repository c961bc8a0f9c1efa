#pragma once

#include "services/tenant_data/rights/rights_parts.h"

namespace kasbah::tenantdata {

// The work of erasures: each service is asked in turn, with events in the tenant's trail that say
// what went. Every piece of it may be done twice. Thread safe.
class RightsEraser {
 public:
  explicit RightsEraser(const RightsParts& parts) : parts_(parts) {}

  // The next piece of `operation`, whose step is one of an erasure. UNAVAILABLE,
  // EVENTS_ON_THEIR_WAY, while a tenant's trail still grows.
  absl::StatusOr<RightsNote> Do(const CallContext& call, const RightsOperation& operation);

  // An archive, finished or not, of an operation that is to have none: cancelled where it runs, for
  // a reason.
  absl::Status DropArchive(const CallContext& call, OperationId operation, std::string_view reason);

 private:
  // There is more of it, at a place of its own, so that two replicas do not both note the same
  // page.
  RightsNote SameStep(const RightsOperation& operation) const;
  absl::StatusOr<RightsNote> DropArchives(const CallContext& call,
                                          const RightsOperation& operation);
  absl::StatusOr<RightsNote> EraseSubject(const CallContext& call, const RightsOperation& operation,
                                          const std::string& service);
  absl::StatusOr<RightsNote> EraseTenant(const CallContext& call, const RightsOperation& operation,
                                         const std::string& service);
  absl::StatusOr<RightsNote> EraseFiles(const CallContext& call, const RightsOperation& operation);
  absl::StatusOr<RightsNote> Settle(const CallContext& call, const RightsOperation& operation);
  absl::StatusOr<RightsNote> Tell(const CallContext& call, const RightsOperation& operation);

  const RightsParts& parts_;
};

}  // namespace kasbah::tenantdata
