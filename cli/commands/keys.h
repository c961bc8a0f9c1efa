#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah keys: a tenant's cryptographic keys, which never leave the vault.
void AddKeys(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
