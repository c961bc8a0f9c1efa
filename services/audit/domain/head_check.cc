#include "services/audit/domain/head_check.h"

#include <bit>

#include "libs/base/strings.h"

namespace kasbah::audit {

std::string EventsPlace(uint64_t first, uint64_t past) {
  if (past == first + 1) return StrCat("event ", first);
  return StrCat("events ", first, " to ", past - 1);
}

std::vector<std::string> DifferingEvents(const merkle::Frontier& leaves,
                                         const merkle::Frontier& head) {
  constexpr size_t kHash = sizeof(merkle::Hash);
  const std::string ours = leaves.Serialize();
  const std::string theirs = head.Serialize();
  std::vector<std::string> places;
  uint64_t first = 0;
  for (size_t at = 0; at < ours.size() && at < theirs.size(); at += kHash) {
    // The subtrees' sizes are the powers of two in the tree's, the largest first.
    const uint64_t width = std::bit_floor(leaves.size() - first);
    if (ours.compare(at, kHash, theirs, at, kHash) != 0) {
      places.push_back(EventsPlace(first, first + width));
    }
    first += width;
  }
  return places;
}

}  // namespace kasbah::audit
