#include "services/audit/store/growth_store.h"

#include <array>
#include <optional>

#include "libs/base/status_macros.h"

namespace kasbah::audit::growth_store {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Statement;

constexpr Statement kMakeHeads = {"growth.make_heads", R"sql(
  INSERT INTO audit.log_head (tenant_id, size, root, frontier, last_recorded_at)
  SELECT tenant_id, 0, $2, '', to_timestamp(0) FROM unnest($1) AS t (tenant_id)
  ORDER BY tenant_id
  ON CONFLICT DO NOTHING)sql",
                                  Access::kWrite};

constexpr Statement kLockHeads = {"growth.lock_heads", R"sql(
  SELECT tenant_id, size, root, frontier, last_recorded_at, erased_at IS NOT NULL
  FROM audit.log_head
  WHERE tenant_id = ANY ($1)
  ORDER BY tenant_id
  FOR UPDATE)sql",
                                  Access::kWrite};

// OFFSET 0 keeps each range an index scan of its own, whatever the planner knows of the tables.
constexpr Statement kReadLeaves = {"growth.read_leaves", R"sql(
  SELECT wanted.tenant_id, l.leaf
  FROM unnest($1, $2, $3) AS wanted (tenant_id, first, past)
  CROSS JOIN LATERAL (
    SELECT seq, leaf FROM audit.leaf
    WHERE tenant_id = wanted.tenant_id AND seq >= wanted.first AND seq < wanted.past
    ORDER BY seq OFFSET 0) l
  ORDER BY wanted.tenant_id, l.seq)sql"};

constexpr Statement kReadRoots = {"growth.read_roots", R"sql(
  SELECT wanted.tenant_id, wanted.level, t.root
  FROM unnest($1, $2, $3, $4) AS wanted (tenant_id, level, first, past)
  CROSS JOIN LATERAL (
    SELECT n, root FROM audit.tile
    WHERE tenant_id = wanted.tenant_id AND level = wanted.level - 1
      AND n >= wanted.first AND n < wanted.past
    ORDER BY n OFFSET 0) t
  ORDER BY wanted.tenant_id, wanted.level, t.n)sql"};

// Arrays are unnested side by side in the list of columns: as a table each would be stored whole
// and read again.
constexpr Statement kInsertEvents = {"growth.insert_events", R"sql(
  INSERT INTO audit.event (tenant_id, seq, recorded_at, action, actor_id, target_id, outcome, body,
    source_address, source_address_salt, user_agent, user_agent_salt,
    actor_display, actor_display_salt, request_key)
  SELECT unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6),
    unnest($7)::smallint, unnest($8), unnest($9), unnest($10), unnest($11), unnest($12),
    unnest($13), unnest($14), unnest($15))sql",
                                     Access::kWrite};

constexpr Statement kInsertLeaves = {"growth.insert_leaves", R"sql(
  INSERT INTO audit.leaf (tenant_id, seq, recorded_at, leaf)
  SELECT unnest($1), unnest($2), unnest($3), unnest($4))sql",
                                     Access::kWrite};

constexpr Statement kInsertTiles = {"growth.insert_tiles", R"sql(
  INSERT INTO audit.tile (tenant_id, level, n, hashes, root)
  SELECT tenant_id, level::integer, n, hashes, root
  FROM unnest($1, $2, $3, $4, $5) AS t (tenant_id, level, n, hashes, root))sql",
                                    Access::kWrite};

constexpr Statement kSaveHeads = {"growth.save_heads", R"sql(
  UPDATE audit.log_head h
  SET size = grown.size, root = grown.root, frontier = grown.frontier,
      last_recorded_at = grown.last_recorded_at
  FROM unnest($1, $2, $3, $4, $5) AS grown (tenant_id, size, root, frontier, last_recorded_at)
  WHERE h.tenant_id = grown.tenant_id)sql",
                                  Access::kWrite};

LockedHead HeadOf(const postgres::Row& row) {
  LockedHead locked;
  locked.head.tenant = row.Get<TenantId>(0);
  const absl::StatusOr<merkle::Frontier> frontier =
      merkle::Frontier::Parse(row.Get<uint64_t>(1), row.Get<std::string>(3));
  const absl::StatusOr<merkle::Hash> root = merkle::ParseHash(row.Get<std::string>(2));
  locked.is_erased = row.Get<bool>(5);
  locked.broken = !frontier.ok() || !root.ok() || frontier->Root() != *root;
  if (locked.broken) return locked;
  locked.head.frontier = *frontier;
  locked.head.root = *root;
  locked.head.last_recorded_at = row.Get<absl::Time>(4);
  return locked;
}

// The columns of a personal field: value and salt, null where the event has none.
struct PersonalColumn {
  std::vector<std::optional<std::string_view>> values;
  std::vector<std::optional<Bytes>> salts;

  // Views of what stays where it is; null: nothing is kept.
  void Add(const std::optional<merkle::DisclosedValue>* value) {
    const bool has_value = value != nullptr && value->has_value();
    values.push_back(has_value ? std::make_optional<std::string_view>((*value)->value)
                               : std::nullopt);
    salts.push_back(has_value ? std::make_optional(Bytes{(*value)->salt}) : std::nullopt);
  }
};

}  // namespace

postgres::Pending<std::vector<LockedHead>> LockHeads(postgres::Transaction& tx,
                                                     const std::vector<TenantId>& tenants) {
  return tx.Run(kLockHeads, tenants).Map([](const postgres::Result& result) {
    std::vector<LockedHead> heads;
    heads.reserve(static_cast<size_t>(result.size()));
    for (const postgres::Row row : result) heads.push_back(HeadOf(row));
    return heads;
  });
}

void MakeHeads(postgres::Transaction& tx, const std::vector<TenantId>& tenants) {
  const merkle::Hash empty = merkle::EmptyRoot();
  tx.Run(kMakeHeads, tenants, Bytes{merkle::View(empty)});
}

absl::StatusOr<std::map<TenantId, StoredHashes>> ReadHashes(
    postgres::Transaction& tx, const std::vector<std::pair<TenantId, HashRange>>& ranges) {
  std::vector<TenantId> leaf_tenants, root_tenants;
  std::vector<uint64_t> leaf_first, leaf_past, root_levels, root_first, root_past;
  for (const auto& [tenant, range] : ranges) {
    if (range.level == 0) {
      leaf_tenants.push_back(tenant);
      leaf_first.push_back(range.first);
      leaf_past.push_back(range.past);
    } else {
      root_tenants.push_back(tenant);
      root_levels.push_back(static_cast<uint64_t>(range.level));
      root_first.push_back(range.first);
      root_past.push_back(range.past);
    }
  }
  std::map<TenantId, StoredHashes> stored;
  if (ranges.empty()) return stored;
  auto leaves = tx.Run(kReadLeaves, leaf_tenants, leaf_first, leaf_past);
  auto roots = tx.Run(kReadRoots, root_tenants, root_levels, root_first, root_past);
  ASSIGN_OR_RETURN(const postgres::Result leaf_rows, leaves.Await());
  for (const postgres::Row row : leaf_rows) {
    stored[row.Get<TenantId>(0)][0].push_back(merkle::LeafHash(row.Get<std::string>(1)));
  }
  ASSIGN_OR_RETURN(const postgres::Result root_rows, roots.Await());
  for (const postgres::Row row : root_rows) {
    ASSIGN_OR_RETURN(const merkle::Hash root, merkle::ParseHash(row.Get<std::string>(2)));
    stored[row.Get<TenantId>(0)][row.Get<int>(1)].push_back(root);
  }
  return stored;
}

void InsertEvents(postgres::Transaction& tx, const std::vector<EventRow>& rows) {
  std::vector<TenantId> tenants;
  std::vector<uint64_t> sequences;
  std::vector<absl::Time> times;
  std::vector<std::string_view> actions, actors, targets;
  std::vector<int64_t> outcomes;
  std::vector<std::optional<int64_t>> requests;
  std::vector<Bytes> bodies, leaves;
  std::array<PersonalColumn, merkle::kPersonalFields.size()> personal;
  for (const auto& [event, placed, keeps_personal] : rows) {
    tenants.push_back(event->tenant);
    sequences.push_back(placed.sequence);
    times.push_back(placed.recorded_at);
    actions.push_back(event->action);
    actors.push_back(event->actor_id);
    targets.push_back(event->target_id);
    outcomes.push_back(event->outcome);
    requests.push_back(event->request_key);
    bodies.push_back({event->body});
    leaves.push_back({placed.leaf});
    for (size_t i = 0; i < personal.size(); ++i) {
      personal[i].Add(keeps_personal ? &event->personal[i] : nullptr);
    }
  }
  tx.Run(kInsertEvents, tenants, sequences, times, actions, actors, targets, outcomes, bodies,
         personal[0].values, personal[0].salts, personal[1].values, personal[1].salts,
         personal[2].values, personal[2].salts, requests);
  tx.Run(kInsertLeaves, tenants, sequences, times, leaves);
}

void InsertTiles(postgres::Transaction& tx,
                 const std::vector<std::pair<TenantId, FullTile>>& tiles) {
  if (tiles.empty()) return;
  std::vector<TenantId> tenants;
  std::vector<int64_t> levels;
  std::vector<uint64_t> indexes;
  std::vector<Bytes> hashes, roots;
  for (const auto& [tenant, tile] : tiles) {
    tenants.push_back(tenant);
    levels.push_back(tile.level);
    indexes.push_back(tile.index);
    hashes.push_back({tile.hashes});
    roots.push_back({merkle::View(tile.root)});
  }
  tx.Run(kInsertTiles, tenants, levels, indexes, hashes, roots);
}

void SaveHeads(postgres::Transaction& tx, const std::vector<LogHead>& heads) {
  std::vector<TenantId> tenants;
  std::vector<uint64_t> sizes;
  std::vector<Bytes> roots;
  std::vector<postgres::OwnedBytes> frontiers;
  std::vector<absl::Time> times;
  for (const LogHead& head : heads) {
    tenants.push_back(head.tenant);
    sizes.push_back(head.size());
    roots.push_back({merkle::View(head.root)});
    frontiers.push_back({head.frontier.Serialize()});
    times.push_back(head.last_recorded_at);
  }
  tx.Run(kSaveHeads, tenants, sizes, roots, frontiers, times);
}

}  // namespace kasbah::audit::growth_store
