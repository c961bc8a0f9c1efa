#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah tenant-seal set|check|remove.
void AddTenantSeal(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
