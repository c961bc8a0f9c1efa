#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/http/client.h"

namespace kasbah::aws {

// For one of AWS's services, or what speaks like it, at a URL that the operator named: hence no
// address is refused, private networks included. FAILED_PRECONDITION for a URL that is none or not
// https; plain http on loopback alone.
absl::StatusOr<std::unique_ptr<http::Client>> ClientFor(const std::string& url);

}  // namespace kasbah::aws
