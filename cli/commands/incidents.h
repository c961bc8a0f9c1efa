#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah incidents: which tenants' trails show one, telling their owners, and the clock.
void AddIncidents(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
