#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah api-keys: credentials for a tenant's programs.
void AddApiKeys(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
