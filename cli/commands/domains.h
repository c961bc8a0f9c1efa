#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah domains: a tenant's custom domains, and whose a host is.
void AddDomains(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
