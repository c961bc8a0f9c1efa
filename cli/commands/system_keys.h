#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah keys system: the installation's own keys, for operators.
void AddSystemKeys(CLI::App& keys, Invocation& invocation);

}  // namespace kasbah::cli
