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
                          "started_at, subject_member) "
                          "VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, false, $6, $7) "
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
                          "created, refused, is_done, schema_version, content, "
                          "subject_member "
                          "FROM tenant_data.imports "
                          "WHERE tenant_id = $1 AND import_id = $2"};

constexpr Statement kAdvance{
    "imports.advance",
    "WITH moved AS (UPDATE tenant_data.imports SET line = $4, bytes = $5, created = $6, "
    "refused = $7, is_done = $8, schema_version = $9, content = $10 "
    "WHERE tenant_id = $1 AND import_id = $2 AND line = $3 AND NOT is_done RETURNING line) "
    "SELECT core.require(EXISTS (SELECT FROM moved), 'IMPORT_ELSEWHERE')",
    Access::kWrite};

constexpr Statement kKeepLines{"imports.keep_lines",
                               "INSERT INTO tenant_data.import_refusals "
                               "(tenant_id, import_id, customer_id, line, refusal, is_stripped) "
                               "SELECT $1, $2, $3, t.line, t.refusal, $6 "
                               "FROM unnest($4, $5) AS t (line, refusal)",
                               Access::kWrite};

constexpr Statement kLines{"imports.lines",
                           "SELECT line, refusal, is_stripped FROM tenant_data.import_refusals "
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
  state.schema_version = row.Get<uint32_t>(9);
  state.content = row.Get<std::optional<std::string>>(10).value_or("");
  state.subject_member = row.Get<std::string>(11);
  return state;
}

}  // namespace

Pending<std::optional<ImportState>> ImportStore::Begin(Transaction& tx, const CallContext& call,
                                                       const ImportState& fresh,
                                                       absl::Time now) const {
  tx.Run(kForget, call.tenant, now - kKept);
  tx.Run(kMake, call.tenant, fresh.id, fresh.customer, fresh.collection, fresh.format, now,
         fresh.subject_member);
  return tx.Run(kFind, call.tenant, fresh.id).Map([](const Result& rows) {
    return rows.empty() ? std::nullopt : std::make_optional(ReadState(rows[0]));
  });
}

void ImportStore::Advance(Transaction& tx, const CallContext& call, const ImportState& before,
                          const ImportState& after) const {
  tx.Run(kAdvance, call.tenant, before.id, before.line, after.line, after.bytes, after.created,
         after.refused, after.is_done, after.schema_version, OwnedBytes{after.content});
}

void ImportStore::AddLines(Transaction& tx, const CallContext& call, const ImportState& import,
                           const std::vector<StoredLine>& lines) const {
  for (const bool is_stripped : {false, true}) {
    std::vector<int64_t> numbers;
    std::vector<OwnedBytes> said;
    for (const StoredLine& line : lines) {
      if (line.is_stripped != is_stripped) continue;
      numbers.push_back(static_cast<int64_t>(line.line));
      said.push_back({line.said});
    }
    if (numbers.empty()) continue;
    tx.Run(kKeepLines, call.tenant, import.id, import.customer, numbers, said, is_stripped);
  }
}

Pending<std::vector<StoredLine>> ImportStore::Lines(Transaction& tx, const CallContext& call,
                                                    const Uuid& id, uint64_t after,
                                                    int64_t limit) const {
  return tx.Run(kLines, call.tenant, id, after, limit).Map([](const Result& rows) {
    std::vector<StoredLine> lines;
    for (const Row& row : rows) {
      lines.push_back({row.Get<uint64_t>(0), row.Get<std::string>(1), row.Get<bool>(2)});
    }
    return lines;
  });
}

}  // namespace kasbah::tenantdata
