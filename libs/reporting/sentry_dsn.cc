#include "libs/reporting/sentry_dsn.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::reporting {
namespace {

absl::Status Invalid(std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "CONFIG_INVALID",
               StrCat("the DSN ", what, "; it looks like https://key@host/project"));
}

bool IsAlphanumeric(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c));
  });
}

}  // namespace

absl::StatusOr<SentryDsn> SentryDsn::Parse(std::string_view text) {
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return Invalid("is no URL");
  const std::string_view scheme = text.substr(0, scheme_end);
  std::string_view rest = text.substr(scheme_end + 3);
  const size_t at = rest.find('@');
  if (at == std::string_view::npos) return Invalid("has no key");
  // Before 2017 a secret followed the public key; it is neither needed nor sent.
  const std::string_view credentials = rest.substr(0, at);
  const std::string_view key = credentials.substr(0, credentials.find(':'));
  if (!IsAlphanumeric(key)) return Invalid("has no key");
  rest.remove_prefix(at + 1);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t slash = rest.rfind('/');
  if (slash == std::string_view::npos || !IsAlphanumeric(rest.substr(slash + 1))) {
    return Invalid("has no project");
  }
  return SentryDsn{.url = StrCat(scheme, "://", rest.substr(0, slash), "/api/",
                                 rest.substr(slash + 1), "/envelope/"),
                   .public_key = std::string(key)};
}

}  // namespace kasbah::reporting
