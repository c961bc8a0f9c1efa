#include "services/tenant_data/store/import_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::OwnedBytes;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr absl::Duration kKept = absl::Hours(24 * 7);

constexpr Statement kMake{"imports.make",
                          "INSERT INTO tenant_data.imports (tenant_id, import_id, customer_id, "
                          "collection_id, format, line, bytes, created, refused, is_done, "
                          "started_at) VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, false, $6) "
                          "ON CONFLICT (tenant_id, import_id) DO NOTHING",
                          Access::kWrite};

// Two for each one that comes, so that the table does not grow.
constexpr Statement kForget{
    "imports.forget",
    "DELETE FROM tenant_data.imports WHERE tenant_id = $1 AND import_id IN ("
    "SELECT import_id FROM tenant_data.imports WHERE tenant_id = $1 AND started_at < $2 "
    "ORDER BY started_at LIMIT 2 FOR UPDATE SKIP LOCKED)",
    Access::kWrite};

constexpr Statement kFind{"imports.find",
                          "SELECT import_id, collection_id, format, customer_id, line, bytes, "
                          "created, refused, is_done FROM tenant_data.imports "
                          "WHERE tenant_id = $1 AND import_id = $2"};

constexpr Statement kAdvance{
    "imports.advance",
    "WITH moved AS (UPDATE tenant_data.imports SET line = $4, bytes = $5, created = $6, "
    "refused = $7, is_done = $8 WHERE tenant_id = $1 AND import_id = $2 AND line = $3 "
    "AND NOT is_done RETURNING line) "
    "SELECT core.require(EXISTS (SELECT FROM moved), 'IMPORT_ELSEWHERE')",
    Access::kWrite};

constexpr Statement kRefuse{"imports.refuse",
                            "INSERT INTO tenant_data.import_refusals "
                            "(tenant_id, import_id, customer_id, line, refusal) "
                            "SELECT $1, $2, $3, t.line, t.refusal "
                            "FROM unnest($4, $5) AS t (line, refusal)",
                            Access::kWrite};

constexpr Statement kRefusals{"imports.refusals",
                              "SELECT line, refusal FROM tenant_data.import_refusals "
                              "WHERE tenant_id = $1 AND import_id = $2 AND line > $3 "
                              "ORDER BY line LIMIT $4"};

ImportState ReadState(const Row& row) {
  ImportState state;
  state.id = row.Get<Uuid>(0);
  state.collection = row.Get<CollectionId>(1);
  state.format = row.Get<std::string>(2);
  state.customer = row.Get<std::optional<CustomerId>>(3);
  state.line = row.Get<uint64_t>(4);
  state.bytes = row.Get<uint64_t>(5);
  state.created = row.Get<uint64_t>(6);
  state.refused = row.Get<uint64_t>(7);
  state.is_done = row.Get<bool>(8);
  return state;
}

}  // namespace

Pending<std::optional<ImportState>> ImportStore::Begin(Transaction& tx, const CallContext& call,
                                                       const ImportState& fresh,
                                                       absl::Time now) const {
  tx.Run(kForget, call.tenant, now - kKept);
  tx.Run(kMake, call.tenant, fresh.id, fresh.customer, fresh.collection, fresh.format, now);
  return tx.Run(kFind, call.tenant, fresh.id).Map([](const Result& rows) {
    return rows.empty() ? std::nullopt : std::make_optional(ReadState(rows[0]));
  });
}

void ImportStore::Advance(Transaction& tx, const CallContext& call, const ImportState& before,
                          const ImportState& after) const {
  tx.Run(kAdvance, call.tenant, before.id, before.line, after.line, after.bytes, after.created,
         after.refused, after.is_done);
}

void ImportStore::AddRefusals(Transaction& tx, const CallContext& call, const ImportState& import,
                              const std::vector<StoredRefusal>& refusals) const {
  if (refusals.empty()) return;
  std::vector<int64_t> lines;
  std::vector<OwnedBytes> bytes;
  for (const auto& [line, refusal] : refusals) {
    lines.push_back(static_cast<int64_t>(line));
    bytes.push_back({refusal});
  }
  tx.Run(kRefuse, call.tenant, import.id, import.customer, lines, bytes);
}

Pending<std::vector<StoredRefusal>> ImportStore::Refusals(Transaction& tx, const CallContext& call,
                                                          const Uuid& id, uint64_t after,
                                                          int64_t limit) const {
  return tx.Run(kRefusals, call.tenant, id, after, limit).Map([](const Result& rows) {
    std::vector<StoredRefusal> refusals;
    for (const Row& row : rows) {
      refusals.emplace_back(row.Get<uint64_t>(0), row.Get<std::string>(1));
    }
    return refusals;
  });
}

}  // namespace kasbah::tenantdata
