#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah tenants: make, look at, suspend and resume tenants. For operators.
void AddTenants(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
