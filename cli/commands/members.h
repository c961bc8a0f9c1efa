#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah members: people who may sign in to a tenant.
void AddMembers(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
