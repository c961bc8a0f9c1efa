#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/dev/installation.h"

namespace kasbah::dev {

// Where an installation's cluster lies: postgres/ in its directory. Where we are root and the
// directory is out of reach of the user that PostgreSQL then runs as (below /root, say), postgres/
// is a link to a directory of the installation's own in /var/lib/kasbah. Made when missing.
absl::StatusOr<std::string> DatabaseDirectory(const Installation& installation);

}  // namespace kasbah::dev
