#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah customers: a tenant's own customers.
void AddCustomers(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
