#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah databases: tenants' own PostgreSQL, in which logins are made.
void AddDatabases(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
