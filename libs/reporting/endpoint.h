#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/http/address_guard.h"

namespace kasbah::reporting {

// Where reports go: an operator's own address, which for all that must be named before it may be
// private. https; http where the host is a loopback address, written as one, since a name could
// turn out to be anything.
struct Endpoint {
  std::string url;
  http::AddressGuard guard;
  bool is_http = false;

  // INVALID_ARGUMENT with what is wrong. `allow_addresses` are CIDRs.
  static absl::StatusOr<Endpoint> Parse(std::string_view url,
                                        const std::vector<std::string>& allow_addresses);
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// "name: value", one a line; empty lines and those that begin with "#" are none.
// INVALID_ARGUMENT, naming the line and never its text.
absl::StatusOr<Headers> ParseHeaders(std::string_view text);

}  // namespace kasbah::reporting
