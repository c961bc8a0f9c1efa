#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah dev: everything on this machine, for development.
void AddDev(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
