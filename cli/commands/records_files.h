#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah records load and export: files of JSON Lines or CSV of any size, as streams.
void AddRecordsFiles(CLI::App* records, Invocation& invocation);

}  // namespace kasbah::cli
