#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// The whole command line, every noun and verb of it. `invocation` outlives it.
std::unique_ptr<CLI::App> BuildApp(Invocation& invocation);

// One run of `kasbah`: arguments without the program's name in, exit code out.
int RunCommandLine(const std::vector<std::string>& arguments, const std::string& binaries);

}  // namespace kasbah::cli
