#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah migrate: the database's schemas.
void AddMigrate(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
