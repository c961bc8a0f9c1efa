#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah files: a tenant's files.
void AddFiles(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
