#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah api-keys: credentials for a tenant's programs.
void AddApiKeys(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
