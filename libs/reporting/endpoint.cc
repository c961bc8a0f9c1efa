#include "libs/reporting/endpoint.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"

namespace kasbah::reporting {
namespace {

const std::vector<std::string>& Loopback() {
  static const auto& networks = *new std::vector<std::string>{"127.0.0.0/8", "::1/128"};
  return networks;
}

absl::Status Invalid(std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "CONFIG_INVALID", what);
}

}  // namespace

absl::StatusOr<Endpoint> Endpoint::Parse(std::string_view url,
                                         const std::vector<std::string>& allow_addresses) {
  Endpoint endpoint;
  ASSIGN_OR_RETURN(const http::Url parsed, http::ParseUrl(url, {.allow_http = true}));
  endpoint.url = parsed.text;
  endpoint.is_http = parsed.scheme == "http";
  if (endpoint.is_http) {
    ASSIGN_OR_RETURN(endpoint.guard, http::AddressGuard::Create(Loopback()));
    const std::optional<http::IpAddress> address = http::IpAddress::Parse(parsed.host);
    if (!address || http::IsGlobalUnicast(*address) || !endpoint.guard.Allows(*address)) {
      return Invalid("must be https; http is for loopback addresses alone, as http://127.0.0.1");
    }
    return endpoint;
  }
  ASSIGN_OR_RETURN(endpoint.guard, http::AddressGuard::Create(allow_addresses));
  const auto guarded = http::ParseGuardedUrl(url, {}, endpoint.guard);
  if (!guarded.ok()) {
    return Invalid(StrCat(FromAbsl(guarded.status().message()),
                          "; telemetry.allow_addresses names the networks it may be in"));
  }
  return endpoint;
}

absl::StatusOr<Headers> ParseHeaders(std::string_view text) {
  Headers headers;
  int number = 0;
  for (absl::string_view raw : absl::StrSplit(ToAbsl(text), '\n')) {
    ++number;
    const std::string_view line = FromAbsl(absl::StripAsciiWhitespace(raw));
    if (line.empty() || line.front() == '#') continue;
    const size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    });
    const std::string_view value =
        colon == std::string_view::npos
            ? std::string_view()
            : FromAbsl(absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1))));
    const bool is_value = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
      return c == '\t' || (c >= 0x20 && c < 0x7F);
    });
    if (!is_name || !is_value) {
      return Invalid(StrCat("line ", number, " is not \"name: value\""));
    }
    headers.emplace_back(name, value);
  }
  return headers;
}

}  // namespace kasbah::reporting
