#pragma once

#include <string>

#include "tests/bench/installation.h"

namespace kasbah::bench {

// GetRecord and CreateRecord of an installation whose `records` belong to `tenants`, each call some
// record of some tenant, against one with a single tenant's share of them: a table of both and
// their ratio. Some minutes; `directory` is that of the small one, which runs beside it.
std::string MeasureScale(Installation& large, const std::string& directory, int tenants,
                         int records);

}  // namespace kasbah::bench
