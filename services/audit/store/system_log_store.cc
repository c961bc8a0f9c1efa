#include "services/audit/store/system_log_store.h"

#include "libs/base/status_macros.h"

namespace kasbah::audit::system_log_store {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Statement;

constexpr Statement kLockHead = {"system_log.lock_head", R"sql(
  SELECT size, root, frontier FROM audit.system_log FOR UPDATE)sql",
                                 Access::kWrite};

constexpr Statement kReadHead = {"system_log.read_head", R"sql(
  SELECT size, root, frontier FROM audit.system_log)sql"};

constexpr Statement kListGrown = {"system_log.list_grown", R"sql(
  SELECT c.tenant_id, c.size, c.root
  FROM audit.checkpoint c LEFT JOIN audit.system_member m ON m.tenant_id = c.tenant_id
  WHERE c.size > coalesce(m.size, 0)
  ORDER BY c.tenant_id
  LIMIT $1)sql"};

constexpr Statement kAppend = {"system_log.append", R"sql(
  INSERT INTO audit.system_entry (seq, tenant_id, size, leaf)
  SELECT seq, tenant_id, size, leaf
  FROM unnest($1, $2, $3, $4) AS e (seq, tenant_id, size, leaf))sql",
                               Access::kWrite};

constexpr Statement kSaveMembers = {"system_log.save_members", R"sql(
  INSERT INTO audit.system_member AS m (tenant_id, size)
  SELECT tenant_id, size FROM unnest($1, $2) AS e (tenant_id, size)
  ON CONFLICT (tenant_id) DO UPDATE SET size = EXCLUDED.size WHERE m.size < EXCLUDED.size)sql",
                                    Access::kWrite};

constexpr Statement kInsertTiles = {"system_log.insert_tiles", R"sql(
  INSERT INTO audit.system_tile (level, n, hashes, root)
  SELECT level::integer, n, hashes, root
  FROM unnest($1, $2, $3, $4) AS t (level, n, hashes, root))sql",
                                    Access::kWrite};

constexpr Statement kSaveHead = {"system_log.save_head", R"sql(
  UPDATE audit.system_log SET size = $1, root = $2, frontier = $3)sql",
                                 Access::kWrite};

constexpr Statement kFindEntry = {"system_log.find_entry", R"sql(
  SELECT seq, tenant_id, size, leaf FROM audit.system_entry
  WHERE tenant_id = $1 AND seq < $2
  ORDER BY seq DESC LIMIT 1)sql"};

constexpr Statement kSaveCheckpoint = {"system_log.save_checkpoint", R"sql(
  INSERT INTO audit.system_checkpoint (size, note, signed_at) VALUES ($1, $2, $3)
  ON CONFLICT DO NOTHING)sql",
                                       Access::kWrite};

constexpr Statement kFindCheckpoint = {"system_log.find_checkpoint", R"sql(
  SELECT size, note, cosignatures, witnesses FROM audit.system_checkpoint
  WHERE $2 <= (SELECT count(*) FROM unnest(witnesses) AS w (name) WHERE w.name = ANY ($1))
  ORDER BY size DESC LIMIT 1)sql"};

constexpr Statement kForgetBefore = {"system_log.forget_before", R"sql(
  DELETE FROM audit.system_checkpoint WHERE size < $1)sql",
                                     Access::kWrite};

constexpr Statement kAddCosignature = {"system_log.add_cosignature", R"sql(
  UPDATE audit.system_checkpoint
  SET cosignatures = cosignatures || $3, witnesses = array_append(witnesses, $2)
  WHERE size = $1 AND $2 <> ALL (witnesses))sql",
                                       Access::kWrite};

constexpr Statement kListWitnesses = {"system_log.list_witnesses", R"sql(
  SELECT name, size, cosigned_at, asked_at, failure FROM audit.witness ORDER BY name)sql"};

constexpr Statement kSaveWitness = {"system_log.save_witness", R"sql(
  INSERT INTO audit.witness AS w (name, size, cosigned_at, asked_at, failure)
  VALUES ($1, coalesce($2, 0), CASE WHEN $3 = '' THEN $4 END, $4, $3)
  ON CONFLICT (name) DO UPDATE
  SET size = coalesce($2, w.size), asked_at = $4, failure = $3,
      cosigned_at = CASE WHEN $3 = '' THEN $4 ELSE w.cosigned_at END)sql",
                                    Access::kWrite};

absl::StatusOr<LogHead> HeadOf(const postgres::Result& result) {
  if (result.size() != 1) return absl::DataLossError("the system log's head is missing");
  const postgres::Row row = result[0];
  LogHead head;
  ASSIGN_OR_RETURN(head.frontier,
                   merkle::Frontier::Parse(row.Get<uint64_t>(0), row.Get<std::string>(2)));
  ASSIGN_OR_RETURN(head.root, merkle::ParseHash(row.Get<std::string>(1)));
  if (head.frontier.Root() != head.root) {
    return absl::DataLossError("the system log's head does not hold together");
  }
  return head;
}

}  // namespace

postgres::Pending<LogHead> LockHead(postgres::Transaction& tx) {
  return tx.Run(kLockHead).Map(HeadOf);
}

postgres::Pending<LogHead> ReadHead(postgres::Transaction& tx) {
  return tx.Run(kReadHead).Map(HeadOf);
}

postgres::Pending<std::vector<GrownLog>> ListGrown(postgres::Transaction& tx, int limit) {
  return tx.Run(kListGrown, limit).Map([](const postgres::Result& result) {
    std::vector<GrownLog> grown;
    for (const postgres::Row row : result) {
      grown.push_back({row.Get<TenantId>(0), row.Get<uint64_t>(1), row.Get<std::string>(2)});
    }
    return grown;
  });
}

void Append(postgres::Transaction& tx, const std::vector<SystemEntry>& entries,
            const std::vector<FullTile>& tiles, const LogHead& head) {
  std::vector<uint64_t> sequences, sizes, indexes;
  std::vector<TenantId> tenants;
  std::vector<Bytes> leaves, hashes, roots;
  std::vector<int64_t> levels;
  for (const SystemEntry& entry : entries) {
    sequences.push_back(entry.sequence);
    tenants.push_back(entry.tenant);
    sizes.push_back(entry.size);
    leaves.push_back({entry.leaf});
  }
  for (const FullTile& tile : tiles) {
    levels.push_back(tile.level);
    indexes.push_back(tile.index);
    hashes.push_back({tile.hashes});
    roots.push_back({merkle::View(tile.root)});
  }
  tx.Run(kAppend, sequences, tenants, sizes, leaves);
  tx.Run(kSaveMembers, tenants, sizes);
  if (!tiles.empty()) tx.Run(kInsertTiles, levels, indexes, hashes, roots);
  tx.Run(kSaveHead, head.size(), Bytes{merkle::View(head.root)},
         postgres::OwnedBytes{head.frontier.Serialize()});
}

postgres::Pending<std::optional<SystemEntry>> FindEntry(postgres::Transaction& tx, TenantId tenant,
                                                        uint64_t below) {
  return tx.Run(kFindEntry, tenant, below)
      .Map([](const postgres::Result& result) -> std::optional<SystemEntry> {
        if (result.empty()) return std::nullopt;
        const postgres::Row row = result[0];
        return SystemEntry{row.Get<uint64_t>(0), row.Get<TenantId>(1), row.Get<uint64_t>(2),
                           row.Get<std::string>(3)};
      });
}

void SaveCheckpoint(postgres::Transaction& tx, uint64_t size, std::string_view note,
                    absl::Time now) {
  tx.Run(kSaveCheckpoint, size, note, now);
}

postgres::Pending<std::optional<SystemCheckpoint>> FindCheckpoint(
    postgres::Transaction& tx, const std::vector<std::string>& witnesses, size_t quorum) {
  return tx.Run(kFindCheckpoint, witnesses, static_cast<uint64_t>(quorum))
      .Map([](const postgres::Result& result) -> std::optional<SystemCheckpoint> {
        if (result.empty()) return std::nullopt;
        const postgres::Row row = result[0];
        return SystemCheckpoint{row.Get<uint64_t>(0), row.Get<std::string>(1),
                                row.Get<std::string>(2), row.Get<std::vector<std::string>>(3)};
      });
}

void ForgetBefore(postgres::Transaction& tx, uint64_t size) { tx.Run(kForgetBefore, size); }

void AddCosignature(postgres::Transaction& tx, uint64_t size, std::string_view witness,
                    std::string_view line) {
  tx.Run(kAddCosignature, size, witness, line);
}

postgres::Pending<std::vector<WitnessState>> ListWitnesses(postgres::Transaction& tx) {
  return tx.Run(kListWitnesses).Map([](const postgres::Result& result) {
    std::vector<WitnessState> states;
    for (const postgres::Row row : result) {
      states.push_back({row.Get<std::string>(0), row.Get<uint64_t>(1),
                        row.Get<std::optional<absl::Time>>(2), row.Get<absl::Time>(3),
                        row.Get<std::string>(4)});
    }
    return states;
  });
}

void SaveWitness(postgres::Transaction& tx, std::string_view name, std::optional<uint64_t> size,
                 std::string_view failure, absl::Time now) {
  tx.Run(kSaveWitness, name, size, failure, now);
}

}  // namespace kasbah::audit::system_log_store
