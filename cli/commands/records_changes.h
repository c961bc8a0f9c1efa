#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah records update, upsert, delete, restore, purge.
void AddRecordsChanges(CLI::App* records, Invocation& invocation);

}  // namespace kasbah::cli
