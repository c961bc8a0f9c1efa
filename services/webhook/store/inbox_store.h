#pragma once

#include <string>
#include <vector>

#include "libs/base/uuid.h"
#include "libs/outbox/receiver.h"
#include "libs/postgres/transaction.h"
#include "services/webhook/domain/message.h"

namespace kasbah::webhook {

// Whose outbox a batch comes from.
struct BatchSource {
  // SPIFFE path of the producer: "service/tenant-data".
  std::string workload;
  std::string shard;
  Uuid epoch;
};

// An entry that could not be understood.
struct QuarantinedEntry {
  TenantId tenant;
  uint64_t outbox_id = 0;
  std::string reason;
  std::string payload;
};

// What relays bring, through the door kasbah_webhook_queue: many tenants in a batch. No state of
// its own.
class InboxStore {
 public:
  // Makes the cursor where there is none and locks it until the transaction ends.
  postgres::Pending<outbox::ReceiverCursor> LockCursor(postgres::Transaction& tx,
                                                       const BatchSource& source) const;
  postgres::Pending<postgres::Result> MoveCursor(postgres::Transaction& tx,
                                                 const BatchSource& source,
                                                 const outbox::ReceiverCursor& cursor) const;
  // Messages that somebody subscribed to, their deliveries and the queue's rows, in one statement.
  // An event that is already a message stays the one it is. How many deliveries are queued.
  postgres::Pending<int64_t> FanOut(postgres::Transaction& tx,
                                    const std::vector<Message>& messages) const;
  postgres::Pending<postgres::Result> Quarantine(
      postgres::Transaction& tx, const BatchSource& source,
      const std::vector<QuarantinedEntry>& entries) const;
};

}  // namespace kasbah::webhook
