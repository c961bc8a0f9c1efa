#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah records import: a file of JSON or JSON Lines into a collection.
void AddRecordsImport(CLI::App* records, Invocation& invocation);

}  // namespace kasbah::cli
