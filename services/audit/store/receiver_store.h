#pragma once

#include <string>
#include <vector>

#include "libs/outbox/receiver.h"
#include "libs/postgres/transaction.h"

namespace kasbah::audit {

// Whose batches a cursor counts.
struct CursorKey {
  std::string source;
  std::string shard;
  Uuid epoch;
  friend auto operator<=>(const CursorKey&, const CursorKey&) = default;
};

// An entry that is kept aside.
struct QuarantinedEntry {
  TenantId tenant;
  uint64_t entry_id = 0;
  std::string reason;
  std::string payload;
};

// audit.receiver_cursor and audit.quarantine, through the ingest door. Stateless.
namespace receiver_store {

struct CursorRow {
  CursorKey key;
  outbox::ReceiverCursor cursor;
};

// The cursors of `keys`, made where there are none, locked in the order of their keys.
postgres::Pending<std::vector<CursorRow>> Lock(postgres::Transaction& tx,
                                               const std::vector<CursorKey>& keys);

void Save(postgres::Transaction& tx, const std::vector<CursorRow>& rows, absl::Time now);

void Quarantine(postgres::Transaction& tx, const CursorKey& key, uint64_t batch,
                const std::vector<QuarantinedEntry>& entries, absl::Time now);

}  // namespace receiver_store
}  // namespace kasbah::audit
