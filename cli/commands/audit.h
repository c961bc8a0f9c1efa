#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah audit: a tenant's trail, and checking it without trusting anybody.
void AddAudit(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
