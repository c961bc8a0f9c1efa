#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/validation.h"

namespace kasbah::tenantdata {

// What a record's change tells the trail and the subscribers.
struct RecordChanged {
  // "create", "update", "delete", "restore", "purge": the audit action is record.create, the change
  // event record.created.
  std::string_view verb;
  RecordId record;
  CollectionId collection;
  std::string_view collection_key;
  std::optional<CustomerId> customer;
  // The version that the change made, which is the event's sequence.
  uint64_t version = 1;
  // Null for a deletion.
  const ValidValues* values = nullptr;
};

// An event tells no values past this, only that it does not: whoever wants them reads the record.
inline constexpr size_t kMaxEventValueBytes = 256 * 1024;

// The audit event holds ids and the version, the change event the values that are neither
// sealed nor sensitive:
//   {"record_id", "collection_id", "collection", "customer_id"?, "version", "values"? or
//    "values_omitted": true}
outbox::v1::AuditEvent AuditOf(const CallContext& call, const Clock& clock,
                               const RecordChanged& changed);
outbox::v1::ChangeEvent ChangeOf(const CallContext& call, const Clock& clock,
                                 const RecordChanged& changed);

// Both, in the transaction of the change.
absl::Status AppendEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                          const CallContext& call, const Clock& clock,
                          const RecordChanged& changed);

}  // namespace kasbah::tenantdata
