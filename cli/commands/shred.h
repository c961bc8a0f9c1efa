#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah shred tenant|subject.
void AddShred(CLI::App& root, Invocation& invocation);

}  // namespace kasbah::cli
