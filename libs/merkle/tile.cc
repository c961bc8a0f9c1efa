#include "libs/merkle/tile.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::merkle {

absl::StatusOr<Tile> Tile::Parse(std::string_view hashes) {
  if (hashes.empty() || hashes.size() % sizeof(Hash) != 0 ||
      hashes.size() / sizeof(Hash) > kTileWidth) {
    return absl::InvalidArgumentError("a tile holds 1 to 256 hashes of 32 bytes");
  }
  std::vector<Hash> parsed;
  parsed.reserve(hashes.size() / sizeof(Hash));
  for (size_t at = 0; at < hashes.size(); at += sizeof(Hash)) {
    ASSIGN_OR_RETURN(const Hash hash, ParseHash(hashes.substr(at, sizeof(Hash))));
    parsed.push_back(hash);
  }
  return Tile(std::move(parsed));
}

Tile::Tile(std::vector<Hash> hashes) {
  KASBAH_CHECK(!hashes.empty() && hashes.size() <= kTileWidth);
  rows_.push_back(std::move(hashes));
  while (rows_.back().size() > 1) {
    const std::vector<Hash>& below = rows_.back();
    std::vector<Hash> row;
    row.reserve(below.size() / 2);
    for (size_t i = 0; i + 1 < below.size(); i += 2)
      row.push_back(NodeHash(below[i], below[i + 1]));
    rows_.push_back(std::move(row));
  }
}

absl::StatusOr<Hash> Tile::Node(int height, uint64_t index) const {
  const auto row = static_cast<size_t>(height);
  if (height < 0 || row >= rows_.size() || index >= rows_[row].size()) {
    return absl::InvalidArgumentError("the tile does not reach this node");
  }
  return rows_[row][index];
}

const Hash& Tile::Root() const {
  KASBAH_CHECK(width() == kTileWidth);
  return rows_.back().front();
}

std::string Tile::Serialize() const {
  std::string bytes;
  bytes.reserve(width() * sizeof(Hash));
  for (const Hash& hash : rows_[0]) bytes.append(View(hash));
  return bytes;
}

}  // namespace kasbah::merkle
