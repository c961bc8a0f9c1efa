#include "services/audit/store/self_check_store.h"

#include <algorithm>

namespace kasbah::audit::self_check_store {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Statement;

constexpr Statement kEnrol = {"self_check.enrol", R"sql(
  INSERT INTO audit.self_check (tenant_id, due_at)
  SELECT tenant_id, $1
  FROM (SELECT tenant_id FROM audit.log_head UNION SELECT tenant_id FROM audit.system_member) l
  WHERE NOT EXISTS (SELECT FROM audit.self_check c WHERE c.tenant_id = l.tenant_id)
  ON CONFLICT DO NOTHING)sql",
                              Access::kWrite};

constexpr Statement kClaim = {"self_check.claim", R"sql(
  UPDATE audit.self_check SET holder = $1, lease_until = $3
  WHERE tenant_id = (
    SELECT tenant_id FROM audit.self_check
    WHERE due_at <= $2 AND (holder = $1 OR lease_until <= $2)
    ORDER BY due_at LIMIT 1
    FOR UPDATE SKIP LOCKED)
  RETURNING tenant_id)sql",
                              Access::kWrite};

constexpr Statement kSavePassed = {"self_check.save_passed", R"sql(
  UPDATE audit.self_check SET passed = $2, started_at = $3, due_at = $4 WHERE tenant_id = $1)sql",
                                   Access::kWrite};

constexpr Statement kSaveFinished = {"self_check.save_finished", R"sql(
  UPDATE audit.self_check
  SET passed = 0, checked = $2, finished_at = $3, due_at = $4, holder = NULL,
      lease_until = '-infinity'
  WHERE tenant_id = $1)sql",
                                     Access::kWrite};

constexpr Statement kReadHead = {"self_check.read_head", R"sql(
  SELECT h.size, h.root, h.frontier, coalesce(h.min_index, 0),
    c.size, c.root, c.note, m.size
  FROM (SELECT $1 AS tenant_id) AS asked
  LEFT JOIN audit.log_head h ON h.tenant_id = asked.tenant_id
  LEFT JOIN audit.checkpoint c ON c.tenant_id = asked.tenant_id
  LEFT JOIN audit.system_member m ON m.tenant_id = asked.tenant_id)sql"};

constexpr Statement kReadEvents = {"self_check.read_events", R"sql(
  SELECT seq, recorded_at, action, actor_id, target_id, outcome::bigint, body, source_address,
    source_address_salt, user_agent, user_agent_salt, actor_display, actor_display_salt, request_key
  FROM audit.event
  WHERE tenant_id = $1 AND seq >= $2 AND seq < $3
  ORDER BY seq)sql"};

constexpr Statement kReadLeaves = {"self_check.read_leaves", R"sql(
  SELECT seq, leaf FROM audit.leaf
  WHERE tenant_id = $1 AND seq >= $2 AND seq < $3
  ORDER BY seq)sql"};

constexpr Statement kReadTiles = {"self_check.read_tiles", R"sql(
  SELECT n, hashes, root FROM audit.tile
  WHERE tenant_id = $1 AND level = $2 AND n >= $3 AND n < $4
  ORDER BY n)sql"};

constexpr Statement kSaveDamage = {"self_check.save_damage", R"sql(
  INSERT INTO audit.damage AS d (tenant_id, kind, place, found_at, seen_at)
  SELECT $1, kind, place, $4, $4 FROM unnest($2, $3) AS found (kind, place)
  ON CONFLICT (tenant_id, kind, place) DO UPDATE SET seen_at = EXCLUDED.seen_at)sql",
                                   Access::kWrite};

constexpr Statement kListUnreported = {"self_check.list_unreported", R"sql(
  SELECT tenant_id, kind, place, found_at, seen_at FROM audit.damage
  WHERE reported_at IS NULL
  ORDER BY tenant_id, kind, place LIMIT 100)sql"};

constexpr Statement kMarkReported = {"self_check.mark_reported", R"sql(
  UPDATE audit.damage SET reported_at = $4
  WHERE tenant_id = $1 AND kind = $2 AND place = $3)sql",
                                     Access::kWrite};

constexpr Statement kListDamage = {"self_check.list_damage", R"sql(
  SELECT tenant_id, kind, place, found_at, seen_at FROM audit.damage
  ORDER BY found_at DESC, tenant_id, kind, place LIMIT $1)sql"};

constexpr Statement kListDamageOf = {"self_check.list_damage_of", R"sql(
  SELECT tenant_id, kind, place, found_at, seen_at FROM audit.damage
  WHERE tenant_id = $1
  ORDER BY found_at DESC, kind, place LIMIT $2)sql"};

constexpr Statement kFindState = {"self_check.find_state", R"sql(
  SELECT passed, started_at, checked, finished_at FROM audit.self_check
  WHERE tenant_id = $1)sql"};

constexpr Statement kReadCursors = {"self_check.read_cursors", R"sql(
  SELECT source, shard, epoch, last_batch, digest FROM audit.receiver_cursor
  ORDER BY source, shard, epoch)sql"};

constexpr Statement kReadSeals = {"self_check.read_seals", R"sql(
  SELECT source, shard, epoch, last_batch, digest, signature FROM audit.cursor_seal
  ORDER BY source, shard, epoch)sql"};

constexpr Statement kSaveSeals = {"self_check.save_seals", R"sql(
  INSERT INTO audit.cursor_seal (source, shard, epoch, last_batch, digest, signature)
  SELECT source, shard, epoch, last_batch, digest, signature
  FROM unnest($1, $2, $3, $4, $5, $6) AS s (source, shard, epoch, last_batch, digest, signature)
  ON CONFLICT (source, shard, epoch) DO UPDATE
  SET last_batch = EXCLUDED.last_batch, digest = EXCLUDED.digest,
      signature = EXCLUDED.signature)sql",
                                  Access::kWrite};

StoredEvent EventOf(const postgres::Row& row) {
  StoredEvent event;
  event.sequence = row.Get<uint64_t>(0);
  event.recorded_at = row.Get<absl::Time>(1);
  event.action = row.Get<std::string>(2);
  event.actor_id = row.Get<std::string>(3);
  event.target_id = row.Get<std::string>(4);
  event.outcome = row.Get<int>(5);
  event.body = row.Get<std::string>(6);
  event.request_key = row.Get<std::optional<int64_t>>(13);
  for (size_t i = 0; i < event.personal.size(); ++i) {
    const int value = 7 + 2 * static_cast<int>(i);
    if (row.IsNull(value) && row.IsNull(value + 1)) continue;
    event.personal[i] =
        merkle::DisclosedValue{row.Get<std::optional<std::string>>(value + 1).value_or(""),
                               row.Get<std::optional<std::string>>(value).value_or("")};
  }
  return event;
}

postgres::Pending<std::vector<FoundDamage>> FoundIn(postgres::Pending<postgres::Result> result) {
  return std::move(result).Map([](const postgres::Result& rows) {
    std::vector<FoundDamage> found;
    for (const postgres::Row row : rows) {
      found.push_back({row.Get<TenantId>(0), row.Get<std::string>(1), row.Get<std::string>(2),
                       row.Get<absl::Time>(3), row.Get<absl::Time>(4)});
    }
    return found;
  });
}

receiver_store::CursorRow CursorOf(const postgres::Row& row) {
  return {{row.Get<std::string>(0), row.Get<std::string>(1), row.Get<Uuid>(2)},
          {row.Get<uint64_t>(3), row.Get<std::string>(4)}};
}

}  // namespace

void Enrol(postgres::Transaction& tx, absl::Time now) { tx.Run(kEnrol, now); }

postgres::Pending<std::optional<TenantId>> Claim(postgres::Transaction& tx, const Uuid& holder,
                                                 absl::Time now, absl::Time lease_until) {
  return tx.Run(kClaim, holder, now, lease_until)
      .Map([](const postgres::Result& result) -> std::optional<TenantId> {
        if (result.empty()) return std::nullopt;
        return result[0].Get<TenantId>(0);
      });
}

void SavePassed(postgres::Transaction& tx, TenantId tenant, uint64_t passed, absl::Time started_at,
                absl::Time now) {
  tx.Run(kSavePassed, tenant, passed, started_at, now);
}

void SaveFinished(postgres::Transaction& tx, TenantId tenant, uint64_t checked, absl::Time now,
                  absl::Time due_at) {
  tx.Run(kSaveFinished, tenant, checked, now, due_at);
}

postgres::Pending<RawHead> ReadHead(postgres::Transaction& tx, TenantId tenant) {
  return tx.Run(kReadHead, tenant).Map([](const postgres::Result& result) {
    const postgres::Row row = result[0];
    RawHead head;
    head.size = row.Get<std::optional<uint64_t>>(0);
    head.root = row.Get<std::optional<std::string>>(1).value_or("");
    head.frontier = row.Get<std::optional<std::string>>(2).value_or("");
    head.min_index = row.Get<uint64_t>(3);
    if (!row.IsNull(4)) {
      head.checkpoint =
          RawHead::Signed{row.Get<uint64_t>(4), row.Get<std::string>(5), row.Get<std::string>(6)};
    }
    head.member_size = row.Get<std::optional<uint64_t>>(7);
    return head;
  });
}

postgres::Pending<std::vector<StoredStretch>> ReadStretches(postgres::Transaction& tx,
                                                            TenantId tenant, uint64_t first,
                                                            uint64_t past) {
  constexpr uint64_t kWidth = merkle::kTileWidth;
  auto events = tx.Run(kReadEvents, tenant, first, past);
  auto leaves = tx.Run(kReadLeaves, tenant, first, past);
  auto tiles = tx.Run(kReadTiles, tenant, 0, first / kWidth, past / kWidth);
  return tx.AfterCommit([=]() -> absl::StatusOr<std::vector<StoredStretch>> {
    const auto event_rows = events.Take();
    if (!event_rows.ok()) return event_rows.status();
    const auto leaf_rows = leaves.Take();
    if (!leaf_rows.ok()) return leaf_rows.status();
    const auto tile_rows = tiles.Take();
    if (!tile_rows.ok()) return tile_rows.status();
    std::vector<StoredStretch> stretches;
    for (uint64_t at = first; at < past; at += kWidth) {
      StoredStretch stretch;
      stretch.tenant = tenant;
      stretch.first = at;
      stretch.past = std::min(at + kWidth, past);
      stretches.push_back(std::move(stretch));
    }
    const auto of = [&](uint64_t sequence) -> StoredStretch& {
      return stretches[static_cast<size_t>((sequence - first) / kWidth)];
    };
    for (const postgres::Row row : *event_rows) {
      of(row.Get<uint64_t>(0)).events.push_back(EventOf(row));
    }
    for (const postgres::Row row : *leaf_rows) {
      of(row.Get<uint64_t>(0)).leaves.push_back({row.Get<uint64_t>(0), row.Get<std::string>(1)});
    }
    for (const postgres::Row row : *tile_rows) {
      of(row.Get<uint64_t>(0) * kWidth).tile =
          StoredTile{row.Get<std::string>(1), row.Get<std::string>(2)};
    }
    return stretches;
  });
}

postgres::Pending<std::optional<StoredTile>> ReadTile(postgres::Transaction& tx, TenantId tenant,
                                                      int level, uint64_t index) {
  return tx.Run(kReadTiles, tenant, level, index, index + 1)
      .Map([](const postgres::Result& result) -> std::optional<StoredTile> {
        if (result.empty()) return std::nullopt;
        return StoredTile{result[0].Get<std::string>(1), result[0].Get<std::string>(2)};
      });
}

void SaveDamage(postgres::Transaction& tx, TenantId tenant, const std::vector<Damage>& damages,
                absl::Time now) {
  if (damages.empty()) return;
  std::vector<std::pair<std::string_view, std::string_view>> found;
  for (const Damage& damage : damages) found.push_back({damage.kind, damage.place});
  // An upsert takes each row once.
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<std::string_view> kinds;
  std::vector<std::string_view> places;
  for (const auto& [kind, place] : found) {
    kinds.push_back(kind);
    places.push_back(place);
  }
  tx.Run(kSaveDamage, tenant, kinds, places, now);
}

postgres::Pending<std::vector<FoundDamage>> ListUnreported(postgres::Transaction& tx) {
  return FoundIn(tx.Run(kListUnreported));
}

void MarkReported(postgres::Transaction& tx, const FoundDamage& found, absl::Time now) {
  tx.Run(kMarkReported, found.tenant, found.kind, found.place, now);
}

postgres::Pending<std::vector<FoundDamage>> ListDamage(postgres::Transaction& tx, int limit) {
  return FoundIn(tx.Run(kListDamage, limit));
}

postgres::Pending<std::vector<FoundDamage>> ListDamageOf(postgres::Transaction& tx, TenantId tenant,
                                                         int limit) {
  return FoundIn(tx.Run(kListDamageOf, tenant, limit));
}

postgres::Pending<std::optional<CheckState>> FindState(postgres::Transaction& tx, TenantId tenant) {
  return tx.Run(kFindState, tenant)
      .Map([tenant](const postgres::Result& result) -> std::optional<CheckState> {
        if (result.empty()) return std::nullopt;
        const postgres::Row row = result[0];
        return CheckState{tenant, row.Get<uint64_t>(0), row.Get<std::optional<absl::Time>>(1),
                          row.Get<uint64_t>(2), row.Get<std::optional<absl::Time>>(3)};
      });
}

postgres::Pending<std::vector<receiver_store::CursorRow>> ReadCursors(postgres::Transaction& tx) {
  return tx.Run(kReadCursors).Map([](const postgres::Result& result) {
    std::vector<receiver_store::CursorRow> rows;
    for (const postgres::Row row : result) rows.push_back(CursorOf(row));
    return rows;
  });
}

postgres::Pending<std::vector<CursorSeal>> ReadSeals(postgres::Transaction& tx) {
  return tx.Run(kReadSeals).Map([](const postgres::Result& result) {
    std::vector<CursorSeal> seals;
    for (const postgres::Row row : result) {
      seals.push_back({CursorOf(row), row.Get<std::string>(5)});
    }
    return seals;
  });
}

void SaveSeals(postgres::Transaction& tx, const std::vector<CursorSeal>& seals) {
  if (seals.empty()) return;
  std::vector<std::string_view> sources, shards;
  std::vector<Uuid> epochs;
  std::vector<uint64_t> batches;
  std::vector<Bytes> digests, signatures;
  for (const CursorSeal& seal : seals) {
    sources.push_back(seal.row.key.source);
    shards.push_back(seal.row.key.shard);
    epochs.push_back(seal.row.key.epoch);
    batches.push_back(seal.row.cursor.last_batch);
    digests.push_back({seal.row.cursor.digest});
    signatures.push_back({seal.signature});
  }
  tx.Run(kSaveSeals, sources, shards, epochs, batches, digests, signatures);
}

}  // namespace kasbah::audit::self_check_store
