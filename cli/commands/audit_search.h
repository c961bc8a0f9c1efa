#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah audit list, tail, count: a tenant's trail as it can be looked through.
void AddAuditSearch(CLI::App* noun, Invocation& invocation);

}  // namespace kasbah::cli
