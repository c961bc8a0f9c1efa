#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah tenants: make, look at, suspend and resume tenants. For operators.
void AddTenants(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
