#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah status: whether the services of a context answer, and as whom they see us.
void AddStatus(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
