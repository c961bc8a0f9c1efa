#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah completion: what a shell needs to complete commands.
void AddCompletion(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
