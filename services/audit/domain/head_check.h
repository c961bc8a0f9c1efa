#pragma once

#include <string>
#include <vector>

#include "libs/merkle/tree.h"
#include "services/audit/domain/stored_stretch.h"

namespace kasbah::audit {

// "event 5", "events 5 to 9".
std::string EventsPlace(uint64_t first, uint64_t past);

// Where the tree that the leaves give differs from the one that the head holds, both of one size:
// the events under each differing subtree.
std::vector<std::string> DifferingEvents(const merkle::Frontier& leaves,
                                         const merkle::Frontier& head);

}  // namespace kasbah::audit
