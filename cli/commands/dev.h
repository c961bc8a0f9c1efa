#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah dev: everything on this machine, for development.
void AddDev(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
