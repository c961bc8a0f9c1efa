#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah collections: typed fields that records have.
void AddCollections(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
