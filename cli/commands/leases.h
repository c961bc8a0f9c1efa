#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah leases: logins in tenants' own databases.
void AddLeases(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
