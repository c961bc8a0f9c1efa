#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah audit append: events of the tenant's own applications, from JSON Lines.
void AddAuditAppend(CLI::App* noun, Invocation& invocation);

}  // namespace kasbah::cli
