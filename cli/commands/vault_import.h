#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah vault import: secrets from HashiCorp Vault or OpenBao.
void AddVault(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
