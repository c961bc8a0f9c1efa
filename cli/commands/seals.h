#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah seals: what opens the vault.
void AddSeals(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
