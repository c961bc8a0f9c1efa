#pragma once

#include "cli/console/invocation.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah run: a program with secrets in its environment or in files.
void AddRun(CLI::App& root, Invocation& invocation);

// kasbah secrets render: a template with secrets in it.
void AddRender(CLI::App* secrets, Invocation& invocation);

}  // namespace kasbah::cli
