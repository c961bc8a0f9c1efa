#pragma once

#include "tests/bench/budget.h"
#include "tests/bench/installation.h"

namespace kasbah::bench {

// Events committed and provable a second, spread over `tenants`, against COPY of the same rows into
// the same tables without row-level security.
Budget AuditIngest(Installation& kasbah, int tenants);

}  // namespace kasbah::bench
