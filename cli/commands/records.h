#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah records: a tenant's data, and importing it.
void AddRecords(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
