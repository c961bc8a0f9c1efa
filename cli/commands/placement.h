#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah placement: which database a tenant's records are in, and moving them.
void AddPlacement(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
