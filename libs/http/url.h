#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/http/address_guard.h"

namespace kasbah::http {

struct Url {
  // "https" or "http".
  std::string scheme;
  // Lower case; IPv6 without brackets.
  std::string host;
  int port = 0;
  // Path and query.
  std::string target;
  // The whole, as it will be sent.
  std::string text;
};

struct UrlRules {
  bool allow_http = false;
  size_t max_size = 2048;
};

// Reads the URL of an outbound request with the parser that will also send it (libcurl's), so that
// the two cannot disagree. INVALID_ARGUMENT, INVALID_URL, saying what is wrong: another scheme,
// user information, a fragment, no host, port 0, a zone, control or non-ASCII characters (a host in
// another script comes as punycode).
absl::StatusOr<Url> ParseUrl(std::string_view text, const UrlRules& rules);

// The same, and when the host is an address, one that `guard` allows: an early answer for whoever
// configures it. INVALID_ARGUMENT, ADDRESS_BLOCKED. Names are judged when they are dialled.
absl::StatusOr<Url> ParseGuardedUrl(std::string_view text, const UrlRules& rules,
                                    const AddressGuard& guard);

}  // namespace kasbah::http
