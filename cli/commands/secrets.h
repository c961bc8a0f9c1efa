#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah secrets: versioned secrets of a tenant.
void AddSecrets(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
