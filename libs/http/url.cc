#include "libs/http/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::http {
namespace {

absl::Status Refuse(std::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_URL", why);
}

struct CurlUrl {
  CurlUrl() : handle(curl_url()) { KASBAH_CHECK(handle != nullptr); }
  ~CurlUrl() { curl_url_cleanup(handle); }
  CurlUrl(const CurlUrl&) = delete;
  CurlUrl& operator=(const CurlUrl&) = delete;

  // Empty when the URL has no such part.
  std::string Part(CURLUPart part, unsigned flags = 0) const {
    char* text = nullptr;
    if (curl_url_get(handle, part, &text, flags) != CURLUE_OK) return "";
    std::string copy(text);
    curl_free(text);
    return copy;
  }

  CURLU* handle;
};

}  // namespace

absl::StatusOr<Url> ParseUrl(std::string_view text, const UrlRules& rules) {
  if (text.empty()) return Refuse("must not be empty");
  if (text.size() > rules.max_size) return Refuse("is too long");
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; })) {
    return Refuse("must be printable ASCII without spaces; write the host as punycode");
  }
  // A backslash is a slash to some parsers and not to others.
  if (text.find('\\') != std::string_view::npos) return Refuse("must not have a backslash");

  const CurlUrl parsed;
  if (curl_url_set(parsed.handle, CURLUPART_URL, std::string(text).c_str(),
                   CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return Refuse("is not a URL");
  }
  Url url;
  url.scheme = absl::AsciiStrToLower(parsed.Part(CURLUPART_SCHEME));
  if (url.scheme == "http" && !rules.allow_http) return Refuse("must be https");
  if (url.scheme != "https" && url.scheme != "http") {
    return Refuse(rules.allow_http ? "must be https or http" : "must be https");
  }
  // libcurl forgives slashes too many or too few.
  const size_t authority = url.scheme.size() + 3;
  if (text.substr(url.scheme.size(), 3) != "://" || text.substr(authority).starts_with('/')) {
    return Refuse("must have a host");
  }
  if (!parsed.Part(CURLUPART_USER).empty() || !parsed.Part(CURLUPART_PASSWORD).empty() ||
      text.substr(0, text.find_first_of("/?#", authority)).find('@') != std::string_view::npos) {
    return Refuse("must not carry a user or password");
  }
  if (text.find('#') != std::string_view::npos) return Refuse("must not have a fragment");
  if (!parsed.Part(CURLUPART_ZONEID).empty()) return Refuse("must not have a zone");

  url.host = absl::AsciiStrToLower(parsed.Part(CURLUPART_HOST));
  if (url.host.size() > 2 && url.host.front() == '[')
    url.host = url.host.substr(1, url.host.size() - 2);
  if (url.host.empty() || url.host == ".") return Refuse("must have a host");
  if (!absl::SimpleAtoi(parsed.Part(CURLUPART_PORT, CURLU_DEFAULT_PORT), &url.port) ||
      url.port < 1 || url.port > 65535) {
    return Refuse("must have a port from 1 to 65535");
  }
  url.target = parsed.Part(CURLUPART_PATH);
  if (const std::string query = parsed.Part(CURLUPART_QUERY); !query.empty()) {
    url.target += "?" + query;
  }
  url.text = parsed.Part(CURLUPART_URL);
  return url;
}

absl::StatusOr<Url> ParseGuardedUrl(std::string_view text, const UrlRules& rules,
                                    const AddressGuard& guard) {
  ASSIGN_OR_RETURN(Url url, ParseUrl(text, rules));
  const std::optional<IpAddress> address = IpAddress::Parse(url.host);
  if (address && !guard.Allows(*address)) {
    return Error(absl::StatusCode::kInvalidArgument, "ADDRESS_BLOCKED",
                 StrCat(address->ToString(), " is not a public address"));
  }
  return url;
}

}  // namespace kasbah::http
