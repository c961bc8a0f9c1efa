#include "services/audit/store/receiver_store.h"

#include <utility>

namespace kasbah::audit::receiver_store {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Statement;

constexpr Statement kMake = {"receiver.make", R"sql(
  INSERT INTO audit.receiver_cursor (source, shard, epoch, last_batch, digest, applied_at)
  SELECT source, shard, epoch, 0, '', now()
  FROM unnest($1, $2, $3) AS wanted (source, shard, epoch)
  ORDER BY source COLLATE "C", shard COLLATE "C", epoch
  ON CONFLICT DO NOTHING)sql",
                             Access::kWrite};

constexpr Statement kLock = {"receiver.lock", R"sql(
  SELECT c.source, c.shard, c.epoch, c.last_batch, c.digest
  FROM audit.receiver_cursor c
  JOIN unnest($1, $2, $3) AS wanted (source, shard, epoch)
    ON c.source = wanted.source AND c.shard = wanted.shard AND c.epoch = wanted.epoch
  ORDER BY c.source, c.shard, c.epoch
  FOR UPDATE OF c)sql",
                             Access::kWrite};

constexpr Statement kSave = {"receiver.save", R"sql(
  UPDATE audit.receiver_cursor c
  SET last_batch = moved.last_batch, digest = moved.digest, applied_at = $6
  FROM unnest($1, $2, $3, $4, $5) AS moved (source, shard, epoch, last_batch, digest)
  WHERE c.source = moved.source AND c.shard = moved.shard AND c.epoch = moved.epoch)sql",
                             Access::kWrite};

constexpr Statement kQuarantine = {"receiver.quarantine", R"sql(
  INSERT INTO audit.quarantine
    (tenant_id, source, shard, epoch, batch, entry_id, reason, payload, received_at)
  SELECT tenant_id, $1, $2, $3, $4, entry_id, reason, payload, $9
  FROM unnest($5, $6, $7, $8) AS entry (tenant_id, entry_id, reason, payload))sql",
                                   Access::kWrite};

struct KeyColumns {
  std::vector<std::string_view> sources;
  std::vector<std::string_view> shards;
  std::vector<Uuid> epochs;

  void Add(const CursorKey& key) {
    sources.push_back(key.source);
    shards.push_back(key.shard);
    epochs.push_back(key.epoch);
  }
};

}  // namespace

postgres::Pending<std::vector<CursorRow>> Lock(postgres::Transaction& tx,
                                               const std::vector<CursorKey>& keys) {
  KeyColumns columns;
  for (const CursorKey& key : keys) columns.Add(key);
  tx.Run(kMake, columns.sources, columns.shards, columns.epochs);
  return tx.Run(kLock, columns.sources, columns.shards, columns.epochs)
      .Map([](const postgres::Result& result) {
        std::vector<CursorRow> rows;
        for (const postgres::Row row : result) {
          rows.push_back({{row.Get<std::string>(0), row.Get<std::string>(1), row.Get<Uuid>(2)},
                          {row.Get<uint64_t>(3), row.Get<std::string>(4)}});
        }
        return rows;
      });
}

void Save(postgres::Transaction& tx, const std::vector<CursorRow>& rows, absl::Time now) {
  KeyColumns columns;
  std::vector<uint64_t> batches;
  std::vector<Bytes> digests;
  for (const CursorRow& row : rows) {
    columns.Add(row.key);
    batches.push_back(row.cursor.last_batch);
    digests.push_back({row.cursor.digest});
  }
  tx.Run(kSave, columns.sources, columns.shards, columns.epochs, batches, digests, now);
}

void Quarantine(postgres::Transaction& tx, const CursorKey& key, uint64_t batch,
                const std::vector<QuarantinedEntry>& entries, absl::Time now) {
  std::vector<TenantId> tenants;
  std::vector<uint64_t> ids;
  std::vector<std::string_view> reasons;
  std::vector<Bytes> payloads;
  for (const QuarantinedEntry& entry : entries) {
    tenants.push_back(entry.tenant);
    ids.push_back(entry.entry_id);
    reasons.push_back(entry.reason);
    payloads.push_back({entry.payload});
  }
  tx.Run(kQuarantine, key.source, key.shard, key.epoch, batch, tenants, ids, reasons, payloads,
         now);
}

}  // namespace kasbah::audit::receiver_store
