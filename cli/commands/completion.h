#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah completion: what a shell needs to complete commands.
void AddCompletion(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
