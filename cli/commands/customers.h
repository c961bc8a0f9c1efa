#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah customers: a tenant's own customers.
void AddCustomers(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
