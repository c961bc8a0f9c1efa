#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah migrate: the database's schemas.
void AddMigrate(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
