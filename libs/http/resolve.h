#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/http/address_guard.h"

namespace kasbah::http {

// The addresses of a name that somebody else gave, or of an address in text, that the guard lets us
// dial; whoever dials one of these and does not resolve again cannot be led elsewhere. At most 4.
// UNAVAILABLE, DNS_FAILED; FAILED_PRECONDITION, ADDRESS_BLOCKED, where the guard allows none.
// Blocks for as long as the system's resolver does.
absl::StatusOr<std::vector<IpAddress>> Resolve(const std::string& host, const AddressGuard& guard);

}  // namespace kasbah::http
