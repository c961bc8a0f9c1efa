#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah rewraps: sealing again, under a key's newest version, what older ones sealed.
void AddRewraps(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
