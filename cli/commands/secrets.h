#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah secrets: versioned secrets of a tenant.
void AddSecrets(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
