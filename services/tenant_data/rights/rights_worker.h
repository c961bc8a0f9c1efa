#pragma once

#include "services/tenant_data/rights/rights_eraser.h"
#include "services/tenant_data/rights/rights_exporter.h"

namespace kasbah::tenantdata {

// Works exports and erasures off, a piece at a time, each noted in one transaction: whoever is
// killed between two leaves the operation where it was, and another replica goes on when the lease
// is over. Thread safe.
class RightsWorker {
 public:
  explicit RightsWorker(const RightsParts& parts)
      : parts_(parts), exporter_(parts), eraser_(parts) {}

  // What waits, one operation after the other, each for a while; replicas share them. Fails with
  // the first failure, after trying all.
  absl::Status RunOnce();

 private:
  // Its end, or its turn's.
  absl::Status Work(const DueOperation& due);
  absl::StatusOr<RightsOperation> Get(const CallContext& call, OperationId id);
  // False when the operation is not there any more, or another's.
  absl::StatusOr<bool> Step(RightsOperation* operation);
  absl::StatusOr<bool> Note(const CallContext& call, const RightsOperation& operation,
                            RightsNote& note);
  absl::Status Finish(const RightsOperation& operation);
  absl::Status Fail(const RightsOperation& operation, const absl::Status& why);
  void Hold(const DueOperation& due, std::string_view waiting_for, absl::Duration pause);

  const RightsParts& parts_;
  RightsExporter exporter_;
  RightsEraser eraser_;
};

}  // namespace kasbah::tenantdata
