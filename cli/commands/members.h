#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah members: people who may sign in to a tenant.
void AddMembers(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
