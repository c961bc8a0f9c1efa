#pragma once

#include <string>

#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "libs/objects/object_store.h"
#include "libs/postgres/database.h"
#include "services/audit/log/checkpointer.h"
#include "services/audit/store/archive_store.h"

namespace kasbah::audit {

// Writes bundles: the events of a range with their proofs in the newest signed checkpoint, as an
// export without personal values, and the personal values in an object beside it, where a redaction
// reaches them. Holds a page of events in memory. Thread safe.
class BundleWriter {
 public:
  BundleWriter(postgres::Database& database, objects::ObjectStore& objects,
               const Checkpointer& checkpointer, const SigningKey& key)
      : database_(database), objects_(objects), checkpointer_(checkpointer), key_(key) {}

  // Both objects, in place of what a try before left of them; then reads them back and verifies
  // them as anybody would. Fills in manifest and sizes. DATA_LOSS, LOG_DAMAGED, for events that
  // are missing or do not verify; UNAVAILABLE while no checkpoint has all of them.
  absl::Status Write(const CallContext& call, Archive* archive);

 private:
  absl::StatusOr<merkle::Checkpoint> CheckpointFor(const CallContext& call, uint64_t past);
  absl::Status Verify(const Archive& archive, const crypto::Ed25519Key& key);

  postgres::Database& database_;
  objects::ObjectStore& objects_;
  const Checkpointer& checkpointer_;
  const SigningKey& key_;
};

}  // namespace kasbah::audit
