#pragma once

#include <string>
#include <vector>

#include "libs/base/ids.h"

namespace kasbah::tenantdata {

// A value of a unique field that an item of a batch wants.
struct Claim {
  // Position of the item in the batch.
  size_t item = 0;
  FieldId field;
  std::string value;
  // Whether the database let this item have it. The first claim of a value wins where no record
  // outside the batch has it.
  bool won = false;
};

struct ClaimOutcome {
  // For each item, the fields whose values another record has; empty: the item is accepted.
  std::vector<std::vector<FieldId>> taken;
  // Won by an item that is refused for another value, or that is another item's in the end.
  std::vector<Claim> release;
  // Of accepted items that had not won.
  std::vector<Claim> reclaim;
};

// Who of a batch's `items` goes in, as if they were created one by one in order: an item whose
// value a record outside the batch or an accepted item before it has is refused, and what a refused
// item wanted stays free for the items after it.
ClaimOutcome ResolveClaims(size_t items, const std::vector<Claim>& claims);

}  // namespace kasbah::tenantdata
