#include "services/audit/log/self_check.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/merkle/system_head.h"
#include "libs/merkle/tile_path.h"
#include "libs/outbox/audit_event.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"
#include "services/audit/domain/head_check.h"
#include "services/audit/log/log_nodes.h"

namespace kasbah::audit {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(20);
// Longer than a step takes, however slow the database is.
constexpr absl::Duration kLease = absl::Minutes(5);
// Between two looks for logs that are new.
constexpr absl::Duration kEnrol = absl::Minutes(1);
// Until a log that could not be read is tried again.
constexpr absl::Duration kPostponed = absl::Minutes(1);
// Events in one step.
constexpr uint64_t kStep = 2048;

absl::Time Deadline() { return absl::Now() + kTimeout; }

// The perfect subtrees that the leaves [0, size) are made of, the largest first.
std::vector<merkle::NodeId> SubtreesOf(uint64_t size) {
  std::vector<merkle::NodeId> nodes;
  for (uint64_t first = 0; first < size;) {
    const uint64_t width = std::bit_floor(size - first);
    nodes.push_back({std::countr_zero(width), first / width});
    first += width;
  }
  return nodes;
}

bool IsDamage(const absl::Status& status) {
  return status.code() == absl::StatusCode::kDataLoss ||
         status.code() == absl::StatusCode::kInvalidArgument;
}

// The head's tree, where its row holds together.
std::optional<merkle::Frontier> TreeOf(const RawHead& head) {
  if (!head.size) return std::nullopt;
  const auto frontier = merkle::Frontier::Parse(*head.size, head.frontier);
  const auto root = merkle::ParseHash(head.root);
  if (!frontier.ok() || !root.ok() || frontier->Root() != *root) return std::nullopt;
  return *frontier;
}

void CheckHead(const RawHead& head, std::vector<Damage>* damages) {
  if (!head.size) {
    if (head.checkpoint || head.member_size) damages->push_back({damage::kHeadMissing, "head"});
  } else if (!TreeOf(head)) {
    damages->push_back({damage::kHeadChanged, "head"});
  }
}

}  // namespace

SelfCheck::SelfCheck(SelfCheckOptions options, postgres::Database& database, postgres::Door& door,
                     outbox::Outbox& outbox, SystemLog& system_log, const SigningKey& key,
                     const Clock& clock)
    : options_(options),
      database_(database),
      door_(door),
      outbox_(outbox),
      system_log_(system_log),
      key_(key),
      clock_(clock),
      holder_(Uuid::V7(clock.Now())) {}

absl::StatusOr<uint64_t> SelfCheck::Step() {
  const absl::Time now = clock_.Now();
  const bool enrol = now - enrolled_at_ >= kEnrol;
  ASSIGN_OR_RETURN(const std::optional<TenantId> tenant,
                   door_.Run(Deadline(), [&](postgres::Transaction& tx) {
                     if (enrol) self_check_store::Enrol(tx, now);
                     return self_check_store::Claim(tx, holder_, now, now + kLease);
                   }));
  if (enrol) enrolled_at_ = now;
  absl::StatusOr<uint64_t> rows = uint64_t{0};
  if (tenant) rows = Advance(*tenant);
  if (!rows.ok()) {
    // One that cannot be looked at does not hold up the others.
    walks_.erase(*tenant);
    RETURN_IF_ERROR(door_.Run(Deadline(), [&](postgres::Transaction& tx) {
      self_check_store::SavePassed(tx, *tenant, 0, now, now + kPostponed);
      return absl::OkStatus();
    }));
  }
  RETURN_IF_ERROR(Report());
  return rows;
}

absl::StatusOr<uint64_t> SelfCheck::Advance(TenantId tenant) {
  std::vector<Damage> damages;
  std::vector<KeptHead> kept;
  // What was seen first: the head that is read after it cannot be shorter, however the log grows.
  RETURN_IF_ERROR(FindWitnessed(tenant, &kept, &damages));
  ASSIGN_OR_RETURN(const RawHead head, door_.Run(Deadline(), [&](postgres::Transaction& tx) {
    return self_check_store::ReadHead(tx, tenant);
  }));
  CheckHead(head, &damages);
  RETURN_IF_ERROR(FindSigned(tenant, head, &kept, &damages));

  const uint64_t size = head.size.value_or(0);
  const bool begins = !walks_.contains(tenant);
  Walk& walk = walks_[tenant];
  bool whole = true;
  if (begins) {
    walk.started_at = clock_.Now();
    const absl::Status begun = Begin(tenant, head, &walk);
    if (!begun.ok() && !IsDamage(begun)) return begun;
    whole = begun.ok();
    if (!whole) damages.push_back({damage::kTileMissing, "tiles of the pruned beginning"});
  }
  const uint64_t first = walk.tree.size();
  // A log that was cut behind us has nothing more to read.
  const uint64_t past = whole ? std::max(first, std::min(size, first + kStep)) : first;
  if (past > first) {
    // The head last: a beginning that was pruned meanwhile is known by then.
    uint64_t min_index = 0;
    std::vector<StoredStretch> stretches;
    RETURN_IF_ERROR(door_.Run(Deadline(), [&](postgres::Transaction& tx) -> absl::Status {
      auto rows = self_check_store::ReadStretches(tx, tenant, first, past);
      auto after = self_check_store::ReadHead(tx, tenant);
      ASSIGN_OR_RETURN(stretches, rows.Await());
      ASSIGN_OR_RETURN(const RawHead head_after, after.Await());
      min_index = head_after.min_index;
      return absl::OkStatus();
    }));
    if (min_index / merkle::kTileWidth * merkle::kTileWidth > first) {
      // Overtaken: the round begins again, behind what is gone.
      walks_.erase(tenant);
      return uint64_t{0};
    }
    for (StoredStretch& stretch : stretches) {
      stretch.min_index = min_index;
      ASSIGN_OR_RETURN(whole, Pass(stretch, head, kept, &walk, &damages));
      if (!whole) break;
    }
  }
  const uint64_t passed = walk.tree.size();
  const bool finished = !whole || passed >= size;
  RETURN_IF_ERROR(door_.Run(Deadline(), [&](postgres::Transaction& tx) {
    const absl::Time now = clock_.Now();
    self_check_store::SaveDamage(tx, tenant, damages, now);
    if (finished) {
      self_check_store::SaveFinished(tx, tenant, passed, now, now + options_.pause);
    } else {
      self_check_store::SavePassed(tx, tenant, passed, walk.started_at, now);
    }
    return absl::OkStatus();
  }));
  if (finished) walks_.erase(tenant);
  return past - first;
}

absl::Status SelfCheck::Begin(TenantId tenant, const RawHead& head, Walk* walk) {
  const uint64_t size = head.size.value_or(0);
  const uint64_t start = std::min(head.min_index, size) / merkle::kTileWidth * merkle::kTileWidth;
  const std::vector<merkle::NodeId> wanted = SubtreesOf(start);
  LogNodes nodes(tenant, size);
  RETURN_IF_ERROR(
      door_.Run(Deadline(), [&](postgres::Transaction& tx) { return nodes.Load(tx, wanted); }));
  std::string hashes;
  for (const merkle::NodeId& id : wanted) {
    ASSIGN_OR_RETURN(const merkle::Hash hash, nodes.Node(id));
    hashes.append(merkle::View(hash));
  }
  ASSIGN_OR_RETURN(walk->tree, merkle::Frontier::Parse(start, hashes));
  return absl::OkStatus();
}

// What was signed; and that the log is as long as that, and as what witnesses saw.
absl::Status SelfCheck::FindSigned(TenantId tenant, const RawHead& head,
                                   std::vector<KeptHead>* kept, std::vector<Damage>* damages) {
  ASSIGN_OR_RETURN(const auto signer, key_.Get());
  const std::string origin = system_log_.OriginOf(tenant);
  ASSIGN_OR_RETURN(const auto verifier, merkle::VerifierKey::Create(origin, signer->public_key()));
  if (head.checkpoint) {
    const auto opened = merkle::OpenCheckpoint(head.checkpoint->note, verifier);
    const bool holds = opened.ok() && opened->size == head.checkpoint->size &&
                       merkle::View(opened->root) == head.checkpoint->root &&
                       opened->size >= head.member_size.value_or(0);
    if (holds) {
      kept->push_back({opened->size, opened->root});
    } else {
      damages->push_back({damage::kCheckpointChanged, "checkpoint"});
    }
  } else if (head.member_size) {
    damages->push_back({damage::kCheckpointMissing, "checkpoint"});
  }
  uint64_t longest = head.member_size.value_or(0);
  for (const KeptHead& one : *kept) longest = std::max(longest, one.size);
  const uint64_t size = head.size.value_or(0);
  if (longest > size) damages->push_back({damage::kLogCut, EventsPlace(size, longest)});
  return absl::OkStatus();
}

absl::Status SelfCheck::FindWitnessed(TenantId tenant, std::vector<KeptHead>* kept,
                                      std::vector<Damage>* damages) {
  const absl::StatusOr<WitnessedHead> head = system_log_.Find(tenant, Deadline());
  if (head.status().code() == absl::StatusCode::kNotFound) return absl::OkStatus();
  if (!head.ok() && !IsDamage(head.status())) return head.status();
  bool holds = head.ok();
  if (holds) {
    ASSIGN_OR_RETURN(merkle::VerifierKey log, system_log_.VerifierKey());
    const merkle::TlogPolicy policy{std::move(log), system_log_.witnesses(), system_log_.quorum()};
    const auto seen = merkle::OpenSeenHead(head->proof, system_log_.OriginOf(tenant), policy);
    holds = seen.ok();
    if (holds) kept->push_back({seen->entry.size, seen->entry.root});
  }
  if (!holds) damages->push_back({damage::kSystemLogChanged, "entry of this log"});
  return absl::OkStatus();
}

// False when the round cannot go on behind this stretch.
absl::StatusOr<bool> SelfCheck::Pass(const StoredStretch& stretch, const RawHead& head,
                                     const std::vector<KeptHead>& kept, Walk* walk,
                                     std::vector<Damage>* damages) {
  const std::optional<merkle::Frontier> head_tree = TreeOf(head);
  bool trusted_leaves = true;
  const bool is_last = stretch.past == *head.size;
  if (!stretch.full() && head_tree) {
    merkle::Frontier own = walk->tree;
    for (const auto& [sequence, leaf] : stretch.leaves) own.Append(merkle::LeafHash(leaf));
    trusted_leaves = own.Root() == head_tree->Root();
  }
  StretchVerdict verdict = CheckStretch(stretch, trusted_leaves);
  const bool clean = verdict.damages.empty();
  damages->insert(damages->end(), verdict.damages.begin(), verdict.damages.end());
  if (verdict.hashes.empty()) return false;

  // A leaf that was named already is not named again by the heads it does not lead to.
  const bool readable = trusted_leaves || clean;
  std::vector<std::pair<merkle::NodeId, merkle::Hash>> completed;
  for (const merkle::Hash& hash : verdict.hashes) {
    walk->tree.Append(hash, [&](int level, uint64_t index, const merkle::Hash& node) {
      if (level % merkle::kTileHeight == 0) completed.push_back({{level, index}, node});
    });
    for (const KeptHead& one : kept) {
      if (readable && one.size == walk->tree.size() && one.root != walk->tree.Root()) {
        damages->push_back({damage::kLogRewritten, EventsPlace(0, one.size)});
      }
    }
  }
  for (const auto& [node, hash] : completed) {
    RETURN_IF_ERROR(CheckTile(stretch.tenant, node, hash, walk, damages));
  }
  if (is_last && head_tree && head_tree->Root() != walk->tree.Root() && clean) {
    const bool head_was_signed = std::any_of(kept.begin(), kept.end(), [&](const KeptHead& one) {
      return one.size == head_tree->size() && one.root == head_tree->Root();
    });
    // The leaves fit each other and not the head.
    for (const std::string& place : DifferingEvents(walk->tree, *head_tree)) {
      damages->push_back({head_was_signed ? damage::kLeafChanged : damage::kHeadChanged,
                          head_was_signed ? place : "head"});
    }
  }
  return true;
}

// A tile above those of the leaves, which the tree has just completed.
absl::Status SelfCheck::CheckTile(TenantId tenant, merkle::NodeId node, const merkle::Hash& hash,
                                  Walk* walk, std::vector<Damage>* damages) {
  const int level = node.level / merkle::kTileHeight - 1;
  walk->roots[level].push_back(hash);
  if (level == 0) return absl::OkStatus();
  const std::vector<merkle::Hash> children = std::move(walk->roots[level - 1]);
  walk->roots[level - 1].clear();
  ASSIGN_OR_RETURN(const std::optional<StoredTile> stored,
                   door_.Run(Deadline(), [&](postgres::Transaction& tx) {
                     return self_check_store::ReadTile(tx, tenant, level, node.index);
                   }));
  const std::string place =
      merkle::TilePath{false, level, node.index, merkle::kTileWidth}.ToString();
  if (!stored) {
    damages->push_back({damage::kTileMissing, place});
    return absl::OkStatus();
  }
  const auto tile = merkle::Tile::Parse(stored->hashes);
  const bool holds = tile.ok() && tile->width() == merkle::kTileWidth && tile->Root() == hash &&
                     merkle::View(hash) == stored->root;
  if (holds) return absl::OkStatus();
  // Where it holds together by itself, the tile below may be the one that was changed.
  const bool fits_itself = tile.ok() && tile->width() == merkle::kTileWidth &&
                           merkle::View(tile->Root()) == stored->root;
  bool named = false;
  for (uint64_t i = 0; fits_itself && children.size() == merkle::kTileWidth && i < children.size();
       ++i) {
    if (tile->Node(0, i).value() == children[i]) continue;
    const merkle::TilePath below{false, level - 1, node.index * merkle::kTileWidth + i,
                                 merkle::kTileWidth};
    damages->push_back({damage::kTileChanged, StrCat(below.ToString(), " or ", place)});
    named = true;
  }
  if (!named) damages->push_back({damage::kTileChanged, place});
  return absl::OkStatus();
}

absl::Status SelfCheck::Report() {
  ASSIGN_OR_RETURN(const std::vector<FoundDamage> found,
                   door_.Run(Deadline(), [](postgres::Transaction& tx) {
                     return self_check_store::ListUnreported(tx);
                   }));
  static telemetry::Counter& damaged = telemetry::GetCounter(
      "kasbah_audit_damaged_total", "Times a log was not what had been written: look at once");
  for (const FoundDamage& one : found) {
    damaged.Add();
    telemetry::LogError(
        "a log is not what was written",
        {{"tenant", one.tenant.ToString()}, {"kind", one.kind}, {"place", one.place}});
    const CallContext call = CallContext::ForBackground("service/audit", kSystemTenant, Deadline());
    const outbox::v1::AuditEvent event = outbox::Succeeded(
        call, clock_, "audit.damage_found", {"audit_log", one.tenant.ToString(), ""},
        {{"kind", one.kind}, {"place", one.place}});
    RETURN_IF_ERROR(database_.WithTenant(
        call, [&](postgres::Transaction& tx) { return outbox_.AppendAudit(tx, call, event); }));
    RETURN_IF_ERROR(door_.Run(Deadline(), [&](postgres::Transaction& tx) {
      self_check_store::MarkReported(tx, one, clock_.Now());
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

}  // namespace kasbah::audit
