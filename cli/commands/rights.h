#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah rights: exports and erasures of people and of tenants.
void AddRights(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
