#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah records import: a file of JSON or JSON Lines into a collection.
void AddRecordsImport(CLI::App* records, Invocation& invocation);

}  // namespace kasbah::cli
