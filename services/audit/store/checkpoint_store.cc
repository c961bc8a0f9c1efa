#include "services/audit/store/checkpoint_store.h"

namespace kasbah::audit::checkpoint_store {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Statement;

constexpr Statement kFind = {"checkpoint.find", R"sql(
  SELECT h.tenant_id, h.size, h.root, c.size, c.root, c.note
  FROM audit.log_head h LEFT JOIN audit.checkpoint c ON c.tenant_id = h.tenant_id
  WHERE h.tenant_id = $1)sql"};

constexpr Statement kReadAll = {"checkpoint.read_all", R"sql(
  SELECT h.tenant_id, h.size, h.root, c.size, c.root, c.note
  FROM audit.log_head h LEFT JOIN audit.checkpoint c ON c.tenant_id = h.tenant_id
  WHERE h.tenant_id = ANY ($1)
  ORDER BY h.tenant_id)sql"};

constexpr Statement kListUnsigned = {"checkpoint.list_unsigned", R"sql(
  SELECT h.tenant_id
  FROM audit.log_head h LEFT JOIN audit.checkpoint c ON c.tenant_id = h.tenant_id
  WHERE c.size IS DISTINCT FROM h.size)sql"};

// Two replicas may sign at once: the larger stays.
constexpr Statement kSave = {"checkpoint.save", R"sql(
  INSERT INTO audit.checkpoint AS c (tenant_id, size, root, note, signed_at)
  SELECT tenant_id, size, root, note, $5
  FROM unnest($1, $2, $3, $4) AS signed (tenant_id, size, root, note)
  ORDER BY tenant_id
  ON CONFLICT (tenant_id) DO UPDATE
  SET size = EXCLUDED.size, root = EXCLUDED.root, note = EXCLUDED.note,
      signed_at = EXCLUDED.signed_at
  WHERE c.size < EXCLUDED.size)sql",
                             Access::kWrite};

HeadState StateOf(const postgres::Row& row) {
  HeadState state{row.Get<TenantId>(0), row.Get<uint64_t>(1), row.Get<std::string>(2),
                  std::nullopt};
  if (!row.IsNull(3)) {
    state.last =
        HeadState::Signed{row.Get<uint64_t>(3), row.Get<std::string>(4), row.Get<std::string>(5)};
  }
  return state;
}

}  // namespace

postgres::Pending<std::optional<HeadState>> Find(postgres::Transaction& tx, TenantId tenant) {
  return tx.Run(kFind, tenant).Map([](const postgres::Result& result) -> std::optional<HeadState> {
    if (result.empty()) return std::nullopt;
    return StateOf(result[0]);
  });
}

postgres::Pending<std::vector<HeadState>> ReadAll(postgres::Transaction& tx,
                                                  const std::vector<TenantId>& tenants) {
  return tx.Run(kReadAll, tenants).Map([](const postgres::Result& result) {
    std::vector<HeadState> states;
    for (const postgres::Row row : result) states.push_back(StateOf(row));
    return states;
  });
}

postgres::Pending<std::vector<TenantId>> ListUnsigned(postgres::Transaction& tx) {
  return tx.Run(kListUnsigned).Map([](const postgres::Result& result) {
    std::vector<TenantId> tenants;
    for (const postgres::Row row : result) tenants.push_back(row.Get<TenantId>(0));
    return tenants;
  });
}

void Save(postgres::Transaction& tx, const std::vector<NewCheckpoint>& checkpoints,
          absl::Time now) {
  std::vector<TenantId> tenants;
  std::vector<uint64_t> sizes;
  std::vector<Bytes> roots;
  std::vector<std::string_view> notes;
  for (const NewCheckpoint& checkpoint : checkpoints) {
    tenants.push_back(checkpoint.tenant);
    sizes.push_back(checkpoint.size);
    roots.push_back({checkpoint.root});
    notes.push_back(checkpoint.note);
  }
  tx.Run(kSave, tenants, sizes, roots, notes, now);
}

}  // namespace kasbah::audit::checkpoint_store
