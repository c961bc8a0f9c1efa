#include "services/audit/store/appended_store.h"

#include <string_view>

namespace kasbah::audit::appended_store {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Statement;

constexpr Statement kFind = {"appended.find", R"sql(
  SELECT a.tenant_id, a.client_event_id, a.digest, a.seq
  FROM unnest($1, $2) AS wanted (tenant_id, client_event_id)
  JOIN audit.appended_event a
    ON a.tenant_id = wanted.tenant_id
   AND a.client_event_id = wanted.client_event_id COLLATE "C")sql"};

constexpr Statement kInsert = {"appended.insert", R"sql(
  INSERT INTO audit.appended_event (tenant_id, client_event_id, digest, seq, recorded_at)
  SELECT tenant_id, client_event_id, digest, seq, $5
  FROM unnest($1, $2, $3, $4) AS a (tenant_id, client_event_id, digest, seq))sql",
                               Access::kWrite};

constexpr Statement kForget = {
    "appended.forget", "DELETE FROM audit.appended_event WHERE recorded_at < $1", Access::kWrite};

}  // namespace

postgres::Pending<std::map<ClientKey, AppendedEvent>> Find(postgres::Transaction& tx,
                                                           const std::vector<ClientKey>& keys) {
  std::vector<TenantId> tenants;
  std::vector<std::string_view> ids;
  for (const auto& [tenant, id] : keys) {
    tenants.push_back(tenant);
    ids.push_back(id);
  }
  return tx.Run(kFind, tenants, ids).Map([](const postgres::Result& result) {
    std::map<ClientKey, AppendedEvent> found;
    for (const postgres::Row row : result) {
      found[{row.Get<TenantId>(0), row.Get<std::string>(1)}] = {row.Get<std::string>(2),
                                                                row.Get<uint64_t>(3)};
    }
    return found;
  });
}

void Insert(postgres::Transaction& tx,
            const std::vector<std::pair<ClientKey, AppendedEvent>>& events, absl::Time now) {
  if (events.empty()) return;
  std::vector<TenantId> tenants;
  std::vector<std::string_view> ids;
  std::vector<Bytes> digests;
  std::vector<uint64_t> sequences;
  for (const auto& [key, event] : events) {
    tenants.push_back(key.first);
    ids.push_back(key.second);
    digests.push_back({event.digest});
    sequences.push_back(event.sequence);
  }
  tx.Run(kInsert, tenants, ids, digests, sequences, now);
}

void Forget(postgres::Transaction& tx, absl::Time before) { tx.Run(kForget, before); }

}  // namespace kasbah::audit::appended_store
