#include "services/webhook/store/endpoint_store.h"

namespace kasbah::webhook {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsert{"endpoints.insert",
                            R"sql(
WITH room AS (
  SELECT core.require(count(*) < $8, 'TOO_MANY_ENDPOINTS')
  FROM webhook.endpoints WHERE tenant_id = $1 AND state <> 'deleted'
)
INSERT INTO webhook.endpoints (tenant_id, endpoint_id, url, description, event_types, sealed_secret,
                               created_at)
SELECT $1, $2, $3, $4, $5, $6, $7 FROM room)sql",
                            Access::kWrite};

constexpr Statement kCountSecrets{"endpoints.count_secrets", R"sql(
SELECT sealed_key_version, count(*) FROM webhook.endpoints
WHERE tenant_id = $1 AND sealed_secret IS NOT NULL GROUP BY sealed_key_version)sql"};

constexpr Statement kSecretsAfter{"endpoints.secrets_after", R"sql(
SELECT endpoint_id, sealed_secret FROM webhook.endpoints
WHERE tenant_id = $1 AND sealed_key_version < $2 AND endpoint_id > $3 AND sealed_secret IS NOT NULL
ORDER BY endpoint_id LIMIT $4)sql"};

constexpr Statement kReplaceSecrets{"endpoints.replace_secrets",
                                    R"sql(
WITH replaced AS (
  UPDATE webhook.endpoints e SET sealed_secret = g.after
  FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS g (endpoint_id, before, after)
  WHERE e.tenant_id = $1 AND e.endpoint_id = g.endpoint_id AND e.sealed_secret = g.before
  RETURNING 1
) SELECT count(*) FROM replaced)sql",
                                    Access::kWrite};

constexpr Statement kGet{"endpoints.get", R"sql(
SELECT endpoint_id, url, description, event_types, created_at, state = 'disabled'
FROM webhook.endpoints WHERE tenant_id = $1 AND endpoint_id = $2 AND state <> 'deleted')sql"};

constexpr Statement kList{"endpoints.list", R"sql(
SELECT endpoint_id, url, description, event_types, created_at, state = 'disabled'
FROM webhook.endpoints WHERE tenant_id = $1 AND endpoint_id > $2 AND state <> 'deleted'
ORDER BY endpoint_id LIMIT $3)sql"};

constexpr Statement kDelete{"endpoints.delete",
                            R"sql(
WITH gone AS (
  UPDATE webhook.endpoints SET state = 'deleted', sealed_secret = NULL
  WHERE tenant_id = $1 AND endpoint_id = $2 AND state <> 'deleted' RETURNING 1
), unqueued AS (
  DELETE FROM webhook.queue WHERE tenant_id = $1 AND endpoint_id = $2
  RETURNING message_id, attempts
), dropped AS (
  UPDATE webhook.deliveries d SET state = 'dropped', attempts = u.attempts, finished_at = now()
  FROM unqueued u
  WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.message_id = u.message_id
)
SELECT core.require(EXISTS (SELECT FROM gone), 'NOT_FOUND'))sql",
                            Access::kWrite};

constexpr Statement kDisable{"endpoints.disable",
                             R"sql(
WITH disabled AS (
  UPDATE webhook.endpoints SET state = 'disabled'
  WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 'enabled' RETURNING 1
), unqueued AS (
  DELETE FROM webhook.queue WHERE tenant_id = $1 AND endpoint_id = $2
  RETURNING message_id, attempts
), dropped AS (
  UPDATE webhook.deliveries d SET state = 'dropped', attempts = u.attempts, finished_at = now()
  FROM unqueued u
  WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.message_id = u.message_id
)
SELECT core.require(EXISTS (SELECT FROM disabled), 'NOT_FOUND'))sql",
                             Access::kWrite};

Endpoint ToEndpoint(Row row) {
  Endpoint endpoint;
  endpoint.id = row.Get<EndpointId>(0);
  endpoint.url = row.Get<std::string>(1);
  endpoint.description = row.Get<std::string>(2);
  endpoint.event_types = row.Get<std::vector<std::string>>(3);
  endpoint.create_time = row.Get<absl::Time>(4);
  endpoint.disabled = row.Get<bool>(5);
  return endpoint;
}

}  // namespace

Pending<Result> EndpointStore::Insert(Transaction& tx, TenantId tenant, const Endpoint& endpoint,
                                      std::string_view sealed_secret) const {
  return tx.Run(kInsert, tenant, endpoint.id, endpoint.url, endpoint.description,
                endpoint.event_types, postgres::Bytes{sealed_secret}, endpoint.create_time,
                kMaxEndpoints);
}

Pending<std::map<uint32_t, uint64_t>> EndpointStore::CountSecrets(Transaction& tx,
                                                                  TenantId tenant) {
  return tx.Run(kCountSecrets, tenant).Map(postgres::MapOf<uint32_t, uint64_t>);
}

Pending<std::vector<EndpointStore::SealedSecret>> EndpointStore::SecretsAfter(
    Transaction& tx, TenantId tenant, uint32_t below, EndpointId after, int limit) {
  return tx.Run(kSecretsAfter, tenant, below, after, limit).Map([](Result rows) {
    std::vector<SealedSecret> secrets;
    for (const Row row : rows) secrets.push_back({row.Get<EndpointId>(0), row.Get<std::string>(1)});
    return secrets;
  });
}

Pending<uint64_t> EndpointStore::ReplaceSecrets(Transaction& tx, TenantId tenant,
                                                const std::vector<SealedSecret>& before,
                                                const std::vector<SealedSecret>& after) {
  const ciphertexts::Replacement<EndpointId> rows(before, after);
  return tx.Run(kReplaceSecrets, tenant, rows.ids, rows.olds, rows.news).Map([](Result result) {
    return result[0].Get<uint64_t>(0);
  });
}

Pending<Endpoint> EndpointStore::Get(Transaction& tx, TenantId tenant, EndpointId id) const {
  return tx.RunForOne(kGet, "endpoint", ToEndpoint, tenant, id);
}

Pending<std::vector<Endpoint>> EndpointStore::List(Transaction& tx, TenantId tenant,
                                                   EndpointId after, int limit) const {
  return tx.Run(kList, tenant, after, limit).Map([](Result rows) {
    std::vector<Endpoint> endpoints;
    endpoints.reserve(static_cast<size_t>(rows.size()));
    for (const Row row : rows) endpoints.push_back(ToEndpoint(row));
    return endpoints;
  });
}

Pending<Result> EndpointStore::Delete(Transaction& tx, TenantId tenant, EndpointId id) const {
  return tx.Run(kDelete, tenant, id);
}

Pending<Result> EndpointStore::Disable(Transaction& tx, TenantId tenant, EndpointId id) const {
  return tx.Run(kDisable, tenant, id);
}

}  // namespace kasbah::webhook
