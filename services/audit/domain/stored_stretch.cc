#include "services/audit/domain/stored_stretch.h"

#include <map>
#include <utility>

#include "libs/base/strings.h"
#include "libs/merkle/tile_path.h"
#include "services/audit/domain/event_body.h"
#include "services/audit/domain/request_key.h"

namespace kasbah::audit {
namespace {

std::string PlaceOf(uint64_t sequence) { return StrCat("event ", sequence); }

std::optional<int64_t> KeyOf(const outbox::v1::AuditEvent& event) {
  if (event.request_id().empty()) return std::nullopt;
  return RequestKeyOf(event.request_id());
}

// How the stored event differs from what its leaf was made of; nothing when it does not.
std::optional<std::string_view> Difference(const StoredEvent& event, const merkle::Leaf& leaf) {
  if (merkle::Sha256Of(event.body) != leaf.body || event.recorded_at != leaf.recorded_at) {
    return damage::kEventChanged;
  }
  for (size_t i = 0; i < leaf.personal.size(); ++i) {
    const auto& shown = event.personal[i];
    // Erased, or never there.
    if (!shown) continue;
    if (!leaf.personal[i] || merkle::CommitPersonal(merkle::kPersonalFields[i], shown->salt,
                                                    shown->value) != *leaf.personal[i]) {
      return damage::kPersonalChanged;
    }
  }
  const absl::StatusOr<outbox::v1::AuditEvent> body = ParseBody(event.body);
  if (!body.ok()) return damage::kEventChanged;
  if (body->event_id() != leaf.event_id.ToString()) return damage::kEventChanged;
  if (event.action != body->action() || event.actor_id != body->actor().id() ||
      event.target_id != body->target().id() || event.outcome != body->outcome() ||
      event.request_key != KeyOf(*body)) {
    return damage::kIndexChanged;
  }
  return std::nullopt;
}

class Check {
 public:
  Check(const StoredStretch& stretch, bool trusted_leaves)
      : stretch_(stretch), trusted_leaves_(trusted_leaves) {}

  StretchVerdict Run() {
    for (const auto& [sequence, leaf] : stretch_.leaves) {
      if (!leaves_.emplace(sequence, leaf).second) Found(damage::kLeafChanged, PlaceOf(sequence));
    }
    if (stretch_.full()) {
      TrustTile();
    } else {
      TrustLeaves();
    }
    CheckLeaves();
    CheckEvents();
    return std::move(verdict_);
  }

 private:
  void Found(std::string_view kind, std::string place) {
    verdict_.damages.push_back({kind, std::move(place)});
  }

  std::string TilePlace() const {
    return merkle::TilePath{false, 0, stretch_.first / merkle::kTileWidth, merkle::kTileWidth}
        .ToString();
  }

  // The leaves' own hashes; unset unless all are there.
  std::optional<std::vector<merkle::Hash>> OwnHashes() const {
    std::vector<merkle::Hash> hashes;
    for (uint64_t i = stretch_.first; i < stretch_.past; ++i) {
      const auto leaf = leaves_.find(i);
      if (leaf == leaves_.end()) return std::nullopt;
      hashes.push_back(merkle::LeafHash(leaf->second));
    }
    return hashes;
  }

  void TrustTile() {
    const std::optional<std::vector<merkle::Hash>> own = OwnHashes();
    if (!stretch_.tile) {
      Found(damage::kTileMissing, TilePlace());
      if (own) verdict_.hashes = *own;
      return;
    }
    const absl::StatusOr<merkle::Tile> tile = merkle::Tile::Parse(stretch_.tile->hashes);
    const absl::StatusOr<merkle::Hash> root = merkle::ParseHash(stretch_.tile->root);
    const bool tile_holds =
        tile.ok() && tile->width() == merkle::kTileWidth && root.ok() && tile->Root() == *root;
    if (tile_holds) {
      for (uint64_t i = 0; i < merkle::kTileWidth; ++i) {
        verdict_.hashes.push_back(tile->Node(0, i).value());
      }
      return;
    }
    Found(damage::kTileChanged, TilePlace());
    if (own) verdict_.hashes = *own;
  }

  void TrustLeaves() {
    std::optional<std::vector<merkle::Hash>> own = OwnHashes();
    if (own) verdict_.hashes = *std::move(own);
  }

  void CheckLeaves() {
    for (uint64_t i = stretch_.first; i < stretch_.past; ++i) {
      const auto leaf = leaves_.find(i);
      if (leaf == leaves_.end()) {
        // What was pruned is in the tile.
        if (i >= stretch_.min_index || !stretch_.full()) Found(damage::kLeafMissing, PlaceOf(i));
        continue;
      }
      absl::StatusOr<merkle::Leaf> parsed = merkle::Leaf::Parse(leaf->second);
      const size_t at = static_cast<size_t>(i - stretch_.first);
      const bool written =
          verdict_.hashes.empty() || verdict_.hashes[at] == merkle::LeafHash(leaf->second);
      if (!written || !parsed.ok() || parsed->tenant != stretch_.tenant) {
        Found(damage::kLeafChanged, PlaceOf(i));
        continue;
      }
      parsed_.emplace(i, *std::move(parsed));
    }
  }

  void CheckEvents() {
    std::map<uint64_t, const StoredEvent*> events;
    for (const StoredEvent& event : stretch_.events) {
      if (!events.emplace(event.sequence, &event).second) {
        Found(damage::kEventAdded, PlaceOf(event.sequence));
      }
    }
    for (uint64_t i = stretch_.first; i < stretch_.past; ++i) {
      const auto event = events.find(i);
      if (event == events.end()) {
        if (i >= stretch_.min_index) Found(damage::kEventMissing, PlaceOf(i));
        continue;
      }
      const auto leaf = parsed_.find(i);
      if (leaf == parsed_.end()) continue;
      const std::optional<std::string_view> difference = Difference(*event->second, leaf->second);
      if (!difference) continue;
      // Without a tile nothing here says which of the two was changed: the head did.
      const bool leaf_is_wrong = !stretch_.full() && !trusted_leaves_;
      Found(leaf_is_wrong ? damage::kLeafChanged : *difference, PlaceOf(i));
    }
  }

  const StoredStretch& stretch_;
  const bool trusted_leaves_;
  std::map<uint64_t, std::string_view> leaves_;
  std::map<uint64_t, merkle::Leaf> parsed_;
  StretchVerdict verdict_;
};

}  // namespace

StretchVerdict CheckStretch(const StoredStretch& stretch, bool trusted_leaves) {
  return Check(stretch, trusted_leaves).Run();
}

}  // namespace kasbah::audit
