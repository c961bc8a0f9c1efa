#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah audit sinks: where a tenant's trail is sent as it grows.
void AddAuditSinks(CLI::App& audit, Invocation& invocation);

}  // namespace kasbah::cli
