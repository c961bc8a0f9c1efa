#pragma once

#include "libs/base/clock.h"
#include "libs/objects/object_store.h"
#include "libs/postgres/database.h"
#include "services/audit/store/archive_store.h"
#include "services/audit/store/redaction_store.h"

namespace kasbah::audit {

// Takes redacted values out of bundles: the object with the personal values is written again
// without them, takes the place of the old one, and the old one is deleted. A crash at any point
// leaves the redaction pending and no object that the database does not know. Thread safe.
class BundleRedactor {
 public:
  BundleRedactor(postgres::Door& upkeep, objects::ObjectStore& objects, const Clock& clock)
      : upkeep_(upkeep), objects_(objects), clock_(clock) {}

  // Everything that is pending, in order.
  absl::Status RunOnce();

 private:
  absl::Status Apply(const redaction_store::PendingRedaction& pending);
  absl::Status Rewrite(Archive archive, const Redaction& redaction);
  // Deletes the object beside the bundle's two, if there is one.
  absl::Status Clear(Archive* archive);
  // Into the archive's next object. False where there was nothing to take out.
  absl::StatusOr<bool> Copy(const Archive& archive, const Redaction& redaction, uint64_t* bytes);

  postgres::Door& upkeep_;
  objects::ObjectStore& objects_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
