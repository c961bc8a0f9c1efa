#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/merkle/export_format.h"
#include "libs/merkle/leaf.h"
#include "libs/merkle/tile.h"
#include "libs/merkle/tree.h"

namespace kasbah::audit {

// What of a log is not as it was written.
namespace damage {
inline constexpr std::string_view kEventChanged = "EVENT_CHANGED";
inline constexpr std::string_view kEventMissing = "EVENT_MISSING";
inline constexpr std::string_view kEventAdded = "EVENT_ADDED";
// A search column that does not say what the event says.
inline constexpr std::string_view kIndexChanged = "INDEX_CHANGED";
inline constexpr std::string_view kPersonalChanged = "PERSONAL_CHANGED";
inline constexpr std::string_view kLeafChanged = "LEAF_CHANGED";
inline constexpr std::string_view kLeafMissing = "LEAF_MISSING";
inline constexpr std::string_view kTileChanged = "TILE_CHANGED";
inline constexpr std::string_view kTileMissing = "TILE_MISSING";
inline constexpr std::string_view kHeadChanged = "HEAD_CHANGED";
inline constexpr std::string_view kHeadMissing = "HEAD_MISSING";
inline constexpr std::string_view kCheckpointChanged = "CHECKPOINT_CHANGED";
inline constexpr std::string_view kCheckpointMissing = "CHECKPOINT_MISSING";
// The log is shorter than a head that was signed or witnessed.
inline constexpr std::string_view kLogCut = "LOG_CUT";
// Its events are whole in themselves and not those of a head that was signed or witnessed.
inline constexpr std::string_view kLogRewritten = "LOG_REWRITTEN";
inline constexpr std::string_view kSystemLogChanged = "SYSTEM_LOG_CHANGED";
inline constexpr std::string_view kCursorChanged = "CURSOR_CHANGED";
inline constexpr std::string_view kCursorMissing = "CURSOR_MISSING";
}  // namespace damage

struct Damage {
  std::string_view kind;
  // "event 5", "tile/0/001", "head".
  std::string place;
};

// An event as it is stored, search columns included.
struct StoredEvent {
  uint64_t sequence = 0;
  absl::Time recorded_at;
  std::string action;
  std::string actor_id;
  std::string target_id;
  int outcome = 0;
  std::optional<int64_t> request_key;
  std::string body;
  // In the order of merkle::kPersonalFields; unset where there is neither value nor salt.
  std::array<std::optional<merkle::DisclosedValue>, merkle::kPersonalFields.size()> personal;
};

struct StoredTile {
  std::string hashes;
  std::string root;
};

// What is stored of 256 places of a log, or of fewer at its end.
struct StoredStretch {
  TenantId tenant;
  // A multiple of 256.
  uint64_t first = 0;
  uint64_t past = 0;
  // Events before this one may have been pruned, with their leaves.
  uint64_t min_index = 0;
  // In the order of their places; a place may be there twice, or not.
  std::vector<StoredEvent> events;
  std::vector<std::pair<uint64_t, std::string>> leaves;
  // Of a full stretch, where it is stored.
  std::optional<StoredTile> tile;

  bool full() const { return past - first == merkle::kTileWidth; }
};

struct StretchVerdict {
  // Of the leaves that were written, as far as can be told; empty when they cannot.
  std::vector<merkle::Hash> hashes;
  std::vector<Damage> damages;
};

// Compares leaves with their tile and events with their leaves. Where two differ, what leads to the
// tile's root is right and the other was changed. `trusted_leaves`: of a stretch without a tile,
// whether the head says that its leaves are those that were written.
StretchVerdict CheckStretch(const StoredStretch& stretch, bool trusted_leaves);

}  // namespace kasbah::audit
