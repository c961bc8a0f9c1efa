#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cli/inject/secret_spec.h"

namespace kasbah::cli {

// A text with places for secrets:
//
//   {{ secret "prod/db-url" }}            the latest version's value
//   {{ secret "prod/db-url" 3 }}          version 3's
//   {{ secret "prod/db-url" | json }}     as a JSON string, quotes included
//   {{ secret "prod/cert" | base64 }}     RFC 4648, padded
//   {{ "{{" }}                            text as it is
//
// `read` gives a secret's value; it is asked once for each. INVALID_ARGUMENT, with the line, for
// anything else between the braces; what `read` answers.
using ReadSecret = std::function<absl::StatusOr<std::string>(const SecretSpec&)>;
absl::StatusOr<std::string> RenderTemplate(std::string_view text, const ReadSecret& read);

}  // namespace kasbah::cli
