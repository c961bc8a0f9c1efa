#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah contexts: where the services are, and as whom they are called.
void AddContexts(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
