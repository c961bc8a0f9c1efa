#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah webhooks: where a tenant's changes are sent, and whether they arrived.
void AddWebhooks(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
