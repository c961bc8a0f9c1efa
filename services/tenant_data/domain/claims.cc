#include "services/tenant_data/domain/claims.h"

#include <map>
#include <string_view>
#include <utility>

namespace kasbah::tenantdata {
namespace {

using ValueKey = std::pair<FieldId, std::string_view>;

ValueKey KeyOf(const Claim& claim) { return {claim.field, claim.value}; }

}  // namespace

ClaimOutcome ResolveClaims(size_t items, const std::vector<Claim>& claims) {
  // A value that nobody of the batch won is a record's outside of it.
  std::map<ValueKey, bool> is_free;
  std::vector<std::vector<const Claim*>> of_item(items);
  for (const Claim& claim : claims) {
    is_free[KeyOf(claim)] |= claim.won;
    of_item[claim.item].push_back(&claim);
  }

  ClaimOutcome outcome;
  outcome.taken.resize(items);
  std::map<ValueKey, size_t> owner;
  for (size_t item = 0; item < items; ++item) {
    for (const Claim* claim : of_item[item]) {
      if (!is_free[KeyOf(*claim)] || owner.contains(KeyOf(*claim))) {
        outcome.taken[item].push_back(claim->field);
      }
    }
    if (!outcome.taken[item].empty()) continue;
    for (const Claim* claim : of_item[item]) owner[KeyOf(*claim)] = item;
  }

  for (const Claim& claim : claims) {
    const auto found = owner.find(KeyOf(claim));
    const bool owns = found != owner.end() && found->second == claim.item;
    if (claim.won && !owns) outcome.release.push_back(claim);
    if (!claim.won && owns) outcome.reclaim.push_back(claim);
  }
  return outcome;
}

}  // namespace kasbah::tenantdata
