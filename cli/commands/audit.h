#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah audit: a tenant's trail, and checking it without trusting anybody.
void AddAudit(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
