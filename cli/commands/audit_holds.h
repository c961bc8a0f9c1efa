#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah audit holds: events that stay, whatever the retention says.
void AddHolds(CLI::App* audit, Invocation& invocation);

// kasbah audit redact: destroys personal values of events.
void AddRedact(CLI::App* audit, Invocation& invocation);

}  // namespace kasbah::cli
