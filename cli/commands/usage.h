#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah usage: what tenants hold and use, for bills. kasbah quota: how much they may.
void AddUsage(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
