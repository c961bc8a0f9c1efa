#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah audit retention: how long the trail is kept.
void AddRetention(CLI::App* audit, Invocation& invocation);

// kasbah audit archives: the bundles that its beginning went into.
void AddArchives(CLI::App* audit, Invocation& invocation);

}  // namespace kasbah::cli
