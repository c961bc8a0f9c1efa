#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// `files upload-transient` and `files take`: attachments on their way, which are never stored.
void AddTransientFiles(CLI::App* files, Invocation& invocation);

}  // namespace kasbah::cli
