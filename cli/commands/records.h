#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah records: a tenant's data, and importing it.
void AddRecords(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
