#pragma once

#include <string>

#include "tests/bench/installation.h"

namespace kasbah::bench {

// GetRecord and CreateRecord of an installation whose `records` belong to `tenants`, each call some
// record of some tenant, against one with a single tenant's share of them, as budgets are
// measured: a table. Some minutes. The two run beside one another, in `directory` and
// `directory`-small, each with a gigabyte for PostgreSQL to keep its tables in.
std::string MeasureScale(const std::string& directory, int tenants, int records);

}  // namespace kasbah::bench
