#include "services/tenant_data/store/sealed_store.h"

#include "services/tenant_data/store/record_rows.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::OwnedBytes;
using postgres::Pending;
using postgres::Statement;

constexpr Statement kCount{"sealed.count",
                           "SELECT sealed_key_version, sum(n)::bigint FROM ("
                           "  SELECT sealed_key_version, count(*) AS n FROM tenant_data.records"
                           "  WHERE tenant_id = $1 AND sealed IS NOT NULL GROUP BY 1"
                           "  UNION ALL"
                           "  SELECT sealed_key_version, count(*) FROM tenant_data.record_history"
                           "  WHERE tenant_id = $1 AND sealed IS NOT NULL GROUP BY 1) c"
                           " GROUP BY sealed_key_version"};

constexpr Statement kRecordsAfter{"sealed.records_after",
                                  "SELECT record_id, 0::bigint, sealed, subject"
                                  " FROM tenant_data.records"
                                  " WHERE tenant_id = $1 AND sealed_key_version < $2"
                                  " AND record_id > $3 AND sealed IS NOT NULL"
                                  " ORDER BY record_id LIMIT $4"};

constexpr Statement kHistoryAfter{"sealed.history_after",
                                  "SELECT h.record_id, h.version, h.sealed, " KASBAH_SUBJECT_THEN
                                  " FROM tenant_data.record_history h"
                                  " LEFT JOIN tenant_data.records r"
                                  " ON r.tenant_id = h.tenant_id AND r.record_id = h.record_id"
                                  " WHERE h.tenant_id = $1 AND h.sealed_key_version < $2"
                                  " AND (h.record_id, h.version) > ($3, $4)"
                                  " AND h.sealed IS NOT NULL"
                                  " ORDER BY h.record_id, h.version LIMIT $5"};

// Each row is in one of the two tables: version 0 says which.
constexpr Statement kReplace{"sealed.replace", R"sql(
WITH given AS (
  SELECT * FROM unnest($2::uuid[], $3::bigint[], $4::bytea[], $5::bytea[])
    AS g (record_id, version, before, after)
), records AS (
  UPDATE tenant_data.records r SET sealed = g.after FROM given g
  WHERE g.version = 0 AND r.tenant_id = $1 AND r.record_id = g.record_id AND r.sealed = g.before
  RETURNING 1
), history AS (
  UPDATE tenant_data.record_history h SET sealed = g.after FROM given g
  WHERE g.version > 0 AND h.tenant_id = $1 AND h.record_id = g.record_id
    AND h.version = g.version AND h.sealed = g.before
  RETURNING 1
) SELECT (SELECT count(*) FROM records) + (SELECT count(*) FROM history))sql",
                             Access::kWrite};

std::vector<SealedStore::Packed> PackedOf(const postgres::Result& result) {
  std::vector<SealedStore::Packed> rows;
  for (const postgres::Row row : result) {
    rows.push_back({row.Get<RecordId>(0), row.Get<uint64_t>(1), row.Get<std::string>(2),
                    row.Get<std::optional<std::string>>(3).value_or("")});
  }
  return rows;
}

}  // namespace

Pending<std::map<uint32_t, uint64_t>> SealedStore::Count(postgres::Transaction& tx,
                                                         TenantId tenant) {
  return tx.Run(kCount, tenant).Map(postgres::MapOf<uint32_t, uint64_t>);
}

Pending<std::vector<SealedStore::Packed>> SealedStore::RecordsAfter(postgres::Transaction& tx,
                                                                    TenantId tenant, uint32_t below,
                                                                    RecordId record, int limit) {
  return tx.Run(kRecordsAfter, tenant, below, record, limit).Map(PackedOf);
}

Pending<std::vector<SealedStore::Packed>> SealedStore::HistoryAfter(postgres::Transaction& tx,
                                                                    TenantId tenant, uint32_t below,
                                                                    RecordId record,
                                                                    uint64_t version, int limit) {
  return tx.Run(kHistoryAfter, tenant, below, record, version, limit).Map(PackedOf);
}

Pending<uint64_t> SealedStore::Replace(postgres::Transaction& tx, TenantId tenant,
                                       const std::vector<Packed>& before,
                                       const std::vector<Packed>& after) {
  std::vector<RecordId> records;
  std::vector<uint64_t> versions;
  std::vector<OwnedBytes> olds, news;
  for (size_t i = 0; i < before.size(); ++i) {
    records.push_back(before[i].record);
    versions.push_back(before[i].version);
    olds.push_back(OwnedBytes{before[i].sealed});
    news.push_back(OwnedBytes{after[i].sealed});
  }
  return tx.Run(kReplace, tenant, records, versions, olds, news).Map([](postgres::Result result) {
    return result[0].Get<uint64_t>(0);
  });
}

}  // namespace kasbah::tenantdata
