#pragma once

#include "cli/console/invocation.h"

namespace kasbah::cli {

// Below `kasbah audit`: what checks a trail, and what it is checked with.
void AddAuditProofs(CLI::App* noun, Invocation& invocation);

}  // namespace kasbah::cli
