#include "services/vault/store/secret_ciphertexts.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::OwnedBytes;
using postgres::Statement;

constexpr Statement kCount{"secret_ciphertexts.count",
                           "SELECT key_version, count(*) FROM vault.secret_versions"
                           " WHERE tenant_id = $1 AND payload IS NOT NULL GROUP BY key_version"};

constexpr Statement kAfter{"secret_ciphertexts.after",
                           "SELECT secret_id, version, key_version, payload"
                           " FROM vault.secret_versions"
                           " WHERE tenant_id = $1 AND key_version < $2"
                           " AND (secret_id, version) > ($3, $4)"
                           " AND payload IS NOT NULL ORDER BY secret_id, version LIMIT $5"};

constexpr Statement kReplace{"secret_ciphertexts.replace", R"sql(
WITH changed AS (
  UPDATE vault.secret_versions v SET payload = n.payload, key_version = $2
  FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::bytea[])
    AS n (secret_id, version, key_version, payload)
  WHERE v.tenant_id = $1 AND v.secret_id = n.secret_id AND v.version = n.version
    AND v.key_version = n.key_version AND v.payload IS NOT NULL
  RETURNING 1
) SELECT count(*) FROM changed)sql",
                             Access::kWrite};

}  // namespace

postgres::Pending<std::map<uint32_t, uint64_t>> SecretCiphertexts::Count(postgres::Transaction& tx,
                                                                         TenantId tenant) {
  return tx.Run(kCount, tenant).Map(postgres::MapOf<uint32_t, uint64_t>);
}

postgres::Pending<std::vector<SecretCiphertexts::Row>> SecretCiphertexts::After(
    postgres::Transaction& tx, TenantId tenant, uint32_t below, SecretId secret, uint32_t version,
    int limit) {
  return tx.Run(kAfter, tenant, below, secret, version, limit).Map([](postgres::Result result) {
    std::vector<Row> rows;
    for (const postgres::Row row : result) {
      rows.push_back({row.Get<SecretId>(0), row.Get<uint32_t>(1), row.Get<uint32_t>(2),
                      row.Get<std::string>(3)});
    }
    return rows;
  });
}

postgres::Pending<uint64_t> SecretCiphertexts::Replace(postgres::Transaction& tx, TenantId tenant,
                                                       uint32_t key_version,
                                                       const std::vector<Row>& rows) {
  std::vector<SecretId> secrets;
  std::vector<int64_t> versions, key_versions;
  std::vector<OwnedBytes> payloads;
  for (const Row& row : rows) {
    secrets.push_back(row.secret);
    versions.push_back(row.version);
    key_versions.push_back(row.key_version);
    payloads.push_back(OwnedBytes{row.payload});
  }
  return tx.Run(kReplace, tenant, key_version, secrets, versions, key_versions, payloads)
      .Map([](postgres::Result result) { return result[0].Get<uint64_t>(0); });
}

}  // namespace kasbah::vault
