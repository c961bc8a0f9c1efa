#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah workloads: the programs of a tenant that its secrets go to.
void AddWorkloads(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
