#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/merkle/tile.h"

namespace kasbah::merkle {

// Where a log's tiles stand (C2SP tlog-tiles): "tile/<L>/<N>[.p/<W>]" for hashes,
// "tile/entries/<N>[.p/<W>]" for the entries themselves; N in groups of three digits, all but the
// last with an "x" before it.
struct TilePath {
  bool entries = false;
  int level = 0;
  uint64_t index = 0;
  // 1 to 255 of a partial tile; kTileWidth of a full one.
  uint64_t width = kTileWidth;

  // INVALID_ARGUMENT for anything that ToString does not write.
  static absl::StatusOr<TilePath> Parse(std::string_view path);
  std::string ToString() const;

  // The number of the tile's first hash or entry in its level.
  uint64_t first() const { return index * kTileWidth; }
};

// The full and partial tiles, of hashes and of entries, that a tree of `size` is served as.
std::vector<TilePath> TilesOf(uint64_t size);

// Entries as tlog-tiles bundles them: each with its length, 16 bits, big endian, before it.
// INVALID_ARGUMENT for one longer than that.
absl::StatusOr<std::string> EntryBundle(const std::vector<std::string>& entries);
absl::StatusOr<std::vector<std::string>> ParseEntryBundle(std::string_view bundle);

}  // namespace kasbah::merkle
