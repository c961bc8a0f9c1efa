#include "libs/merkle/tile_path.h"

#include <optional>

#include "libs/base/strings.h"
#include "libs/merkle/text_fields.h"

namespace kasbah::merkle {
namespace {

// Indexes up to this, so that no place in a level passes 2^63.
constexpr uint64_t kMostIndex = (uint64_t{1} << 55) - 1;
constexpr int kMostLevel = 63;

std::string IndexPath(uint64_t index) {
  const auto group = [](uint64_t value) {
    std::string digits = StrCat(value);
    return std::string(3 - digits.size(), '0') + digits;
  };
  std::string path = group(index % 1000);
  for (index /= 1000; index > 0; index /= 1000) path = StrCat("x", group(index % 1000), "/", path);
  return path;
}

bool IsGroup(std::string_view text) {
  return text.size() == 3 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Reads the groups of `pieces` from `at` on; `at` then stands behind them.
std::optional<uint64_t> TakeIndex(const std::vector<std::string_view>& pieces, size_t* at,
                                  std::string_view* suffix) {
  uint64_t index = 0;
  for (bool last = false; !last; ++*at) {
    if (*at == pieces.size()) return std::nullopt;
    std::string_view piece = pieces[*at];
    last = !piece.starts_with('x');
    if (!last) piece.remove_prefix(1);
    if (last && piece.size() > 3) {
      *suffix = piece.substr(3);
      piece = piece.substr(0, 3);
    }
    if (!IsGroup(piece) || index > kMostIndex) return std::nullopt;
    for (const char digit : piece) index = index * 10 + static_cast<uint64_t>(digit - '0');
  }
  return index > kMostIndex ? std::nullopt : std::optional(index);
}

}  // namespace

std::string TilePath::ToString() const {
  std::string path = StrCat("tile/", entries ? "entries" : StrCat(level), "/", IndexPath(index));
  if (width < kTileWidth) StrAppend(&path, ".p/", width);
  return path;
}

absl::StatusOr<TilePath> TilePath::Parse(std::string_view path) {
  const absl::Status malformed = absl::InvalidArgumentError(
      "a tile's path reads tile/<level>/<index> or tile/entries/<index>, with .p/<width> behind "
      "it where it is partial");
  const std::vector<std::string_view> pieces = SplitOn(path, '/');
  if (pieces.size() < 3 || pieces[0] != "tile") return malformed;
  TilePath tile;
  tile.entries = pieces[1] == "entries";
  if (!tile.entries) {
    const std::optional<uint64_t> level = ParseDecimal(pieces[1]);
    if (!level || *level > kMostLevel) return malformed;
    tile.level = static_cast<int>(*level);
  }
  size_t at = 2;
  std::string_view suffix;
  const std::optional<uint64_t> index = TakeIndex(pieces, &at, &suffix);
  if (!index) return malformed;
  tile.index = *index;
  if (suffix == ".p" && at + 1 == pieces.size()) {
    const std::optional<uint64_t> width = ParseDecimal(pieces[at++]);
    if (!width || *width == 0 || *width >= kTileWidth) return malformed;
    tile.width = *width;
  }
  // One spelling only: no leading groups of zeros.
  if (tile.ToString() != path) return malformed;
  return tile;
}

std::vector<TilePath> TilesOf(uint64_t size) {
  std::vector<TilePath> tiles;
  const auto add = [&tiles](bool entries, int level, uint64_t hashes) {
    for (uint64_t n = 0; n * kTileWidth < hashes; ++n) {
      const uint64_t rest = hashes - n * kTileWidth;
      tiles.push_back({entries, level, n, rest < kTileWidth ? rest : kTileWidth});
    }
  };
  add(true, 0, size);
  int level = 0;
  for (uint64_t hashes = size; hashes > 0; hashes /= kTileWidth) add(false, level++, hashes);
  return tiles;
}

absl::StatusOr<std::string> EntryBundle(const std::vector<std::string>& entries) {
  std::string bundle;
  for (const std::string& entry : entries) {
    if (entry.size() > UINT16_MAX) return absl::InvalidArgumentError("an entry is over 64 KiB");
    bundle.push_back(static_cast<char>(entry.size() >> 8));
    bundle.push_back(static_cast<char>(entry.size() & 0xff));
    bundle.append(entry);
  }
  return bundle;
}

absl::StatusOr<std::vector<std::string>> ParseEntryBundle(std::string_view bundle) {
  std::vector<std::string> entries;
  while (!bundle.empty()) {
    if (bundle.size() < 2) return absl::InvalidArgumentError("the bundle ends inside a length");
    const size_t size =
        static_cast<size_t>(static_cast<uint8_t>(bundle[0])) << 8 | static_cast<uint8_t>(bundle[1]);
    if (bundle.size() - 2 < size) {
      return absl::InvalidArgumentError("the bundle ends inside an entry");
    }
    entries.emplace_back(bundle.substr(2, size));
    bundle.remove_prefix(2 + size);
  }
  return entries;
}

}  // namespace kasbah::merkle
