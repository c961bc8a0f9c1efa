#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah collections: typed fields that records have.
void AddCollections(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
