#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah status: whether the services of a context answer, and as whom they see us.
void AddStatus(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
