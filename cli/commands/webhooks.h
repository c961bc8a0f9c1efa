#pragma once

#include <CLI/CLI.hpp>

#include "cli/console/invocation.h"

namespace kasbah::cli {

// kasbah webhooks: where a tenant's changes are sent, and whether they arrived.
void AddWebhooks(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
