// The column data_key of tenant_data.files.

#include "services/tenant_data/store/file_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kCount{"file_keys.count",
                           "SELECT data_key_version, count(*) FROM tenant_data.files"
                           " WHERE tenant_id = $1 AND data_key IS NOT NULL"
                           " GROUP BY data_key_version"};

constexpr Statement kAfter{
    "file_keys.after",
    "SELECT file_id, CASE WHEN in_share THEN subject ELSE '' END, data_key FROM tenant_data.files"
    " WHERE tenant_id = $1 AND data_key_version < $2 AND file_id > $3"
    " AND data_key IS NOT NULL ORDER BY file_id LIMIT $4"};

constexpr Statement kReplace{"file_keys.replace", R"sql(
WITH replaced AS (
  UPDATE tenant_data.files f SET data_key = g.after
  FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS g (file_id, before, after)
  WHERE f.tenant_id = $1 AND f.file_id = g.file_id AND f.data_key = g.before
  RETURNING 1
) SELECT count(*) FROM replaced)sql",
                             Access::kWrite};

}  // namespace

Pending<std::map<uint32_t, uint64_t>> FileKeyStore::Count(Transaction& tx, TenantId tenant) {
  return tx.Run(kCount, tenant).Map([](const Result& rows) {
    std::map<uint32_t, uint64_t> counts;
    for (const Row& row : rows) counts[row.Get<uint32_t>(0)] = row.Get<uint64_t>(1);
    return counts;
  });
}

Pending<std::vector<FileKeyStore::SealedKey>> FileKeyStore::After(Transaction& tx, TenantId tenant,
                                                                  uint32_t below, FileId after,
                                                                  int limit) {
  return tx.Run(kAfter, tenant, below, after, static_cast<int64_t>(limit))
      .Map([](const Result& rows) {
        std::vector<SealedKey> keys;
        for (const Row& row : rows) {
          keys.push_back({row.Get<FileId>(0), row.Get<std::string>(2), row.Get<std::string>(1)});
        }
        return keys;
      });
}

Pending<uint64_t> FileKeyStore::Replace(Transaction& tx, TenantId tenant,
                                        const std::vector<SealedKey>& before,
                                        const std::vector<SealedKey>& after) {
  const ciphertexts::Replacement<FileId> rows(before, after);
  return tx.RunForOne(
      kReplace, "count", [](const Row& row) { return row.Get<uint64_t>(0); }, tenant, rows.ids,
      rows.olds, rows.news);
}

}  // namespace kasbah::tenantdata
