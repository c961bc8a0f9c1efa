#include "services/audit/log/system_log.h"

#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/merkle/system_head.h"
#include "services/audit/log/log_nodes.h"
#include "services/audit/store/tree_store.h"

namespace kasbah::audit {
namespace {

constexpr int kMostAtOnce = 1000;
constexpr absl::Duration kTimeout = absl::Seconds(20);

absl::Status Damaged(std::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
               StrCat("the system log is damaged: ", what));
}

std::vector<std::string> NamesOf(const std::vector<merkle::VerifierKey>& witnesses) {
  std::vector<std::string> names;
  for (const merkle::VerifierKey& witness : witnesses) names.push_back(witness.name());
  return names;
}

}  // namespace

SystemLog::SystemLog(std::string trust_domain, std::vector<merkle::VerifierKey> witnesses,
                     size_t quorum, postgres::Door& door, const SigningKey& key, const Clock& clock)
    : trust_domain_(std::move(trust_domain)),
      origin_(merkle::SystemLogOrigin(trust_domain_)),
      witnesses_(std::move(witnesses)),
      witness_names_(NamesOf(witnesses_)),
      quorum_(quorum),
      door_(door),
      key_(key),
      clock_(clock) {}

std::string SystemLog::OriginOf(TenantId tenant) const {
  return StrCat(trust_domain_, "/audit/", tenant.ToString());
}

absl::StatusOr<merkle::VerifierKey> SystemLog::VerifierKey() const {
  ASSIGN_OR_RETURN(const auto signer, key_.Get());
  return merkle::VerifierKey::Create(origin_, signer->public_key());
}

absl::StatusOr<size_t> SystemLog::Append() {
  ASSIGN_OR_RETURN(const auto signer, key_.Get());
  return door_.Run(absl::Now() + kTimeout,
                   [&](postgres::Transaction& tx) { return AppendIn(tx, *signer); });
}

absl::StatusOr<size_t> SystemLog::AppendIn(postgres::Transaction& tx,
                                           const crypto::Ed25519Key& signer) {
  auto locked = system_log_store::LockHead(tx);
  auto listed = system_log_store::ListGrown(tx, kMostAtOnce);
  ASSIGN_OR_RETURN(LogHead head, locked.Await());
  ASSIGN_OR_RETURN(const std::vector<GrownLog> grown, listed.Await());
  if (grown.empty()) return size_t{0};

  LogGrowth growth(std::move(head));
  std::vector<SystemEntry> entries;
  for (const GrownLog& log : grown) {
    ASSIGN_OR_RETURN(const merkle::Hash root, merkle::ParseHash(log.root));
    const merkle::SystemHead entry{merkle::SystemLogName(OriginOf(log.tenant)), log.size, root};
    std::string leaf = entry.Serialize();
    const uint64_t sequence = growth.AppendLeaf(leaf);
    entries.push_back({sequence, log.tenant, log.size, std::move(leaf)});
  }
  StoredHashes stored;
  for (const HashRange& range : RangesToFillTiles(growth.start(), entries.size())) {
    if (range.level == 0) {
      ASSIGN_OR_RETURN(
          stored[0], tree_store::ReadLeafHashes(tx, std::nullopt, range.first, range.past).Await());
      continue;
    }
    ASSIGN_OR_RETURN(const auto roots, tree_store::ReadRoots(tx, std::nullopt, {range}).Await());
    for (const tree_store::RootRow& row : roots) stored[range.level].push_back(row.root);
  }
  bool damaged = false;
  const std::vector<FullTile> tiles = growth.Tiles(stored, &damaged);
  if (damaged) return Damaged("its entries or tiles are not those that its head was made of");
  const LogHead grown_head = std::move(growth).TakeHead();
  system_log_store::Append(tx, entries, tiles, grown_head);
  const merkle::Checkpoint checkpoint{origin_, grown_head.size(), grown_head.root};
  ASSIGN_OR_RETURN(const std::string note, merkle::SignNote(checkpoint.ToText(), origin_, signer));
  system_log_store::SaveCheckpoint(tx, grown_head.size(), note, clock_.Now());
  return entries.size();
}

absl::StatusOr<std::optional<SystemCheckpoint>> SystemLog::Newest(absl::Time deadline) {
  return door_.Run(deadline, [](postgres::Transaction& tx) {
    return system_log_store::FindCheckpoint(tx, {}, 0);
  });
}

absl::StatusOr<std::vector<merkle::Hash>> SystemLog::ConsistencyProof(uint64_t old_size,
                                                                      uint64_t new_size,
                                                                      absl::Time deadline) {
  if (old_size == 0 || old_size > new_size) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_SUCH_SIZE",
                 "the system log never had this size");
  }
  LogNodes nodes(std::nullopt, new_size);
  RETURN_IF_ERROR(door_.Run(deadline, [&](postgres::Transaction& tx) {
    return nodes.Load(tx, merkle::ConsistencyNodes(old_size, new_size));
  }));
  return merkle::BuildConsistency(old_size, new_size, nodes);
}

absl::StatusOr<WitnessedHead> SystemLog::Find(TenantId tenant, absl::Time deadline) {
  std::optional<SystemCheckpoint> checkpoint;
  std::optional<SystemEntry> entry;
  std::optional<LogNodes> nodes;
  RETURN_IF_ERROR(door_.Run(deadline, [&](postgres::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(checkpoint,
                     system_log_store::FindCheckpoint(tx, witness_names_, quorum_).Await());
    if (!checkpoint) return NotFound("witnessed head");
    ASSIGN_OR_RETURN(entry, system_log_store::FindEntry(tx, tenant, checkpoint->size).Await());
    if (!entry) return NotFound("witnessed head");
    nodes.emplace(std::nullopt, checkpoint->size);
    return nodes->Load(tx, merkle::InclusionNodes(entry->sequence, checkpoint->size));
  }));
  ASSIGN_OR_RETURN(const merkle::SystemHead head, merkle::SystemHead::Parse(entry->leaf));
  merkle::TlogProof proof;
  proof.extra = entry->leaf;
  proof.index = entry->sequence;
  ASSIGN_OR_RETURN(proof.hashes, merkle::BuildInclusion(entry->sequence, checkpoint->size, *nodes));
  proof.checkpoint = checkpoint->note + checkpoint->cosignatures;
  return WitnessedHead{head.size, head.root, proof.Serialize()};
}

}  // namespace kasbah::audit
