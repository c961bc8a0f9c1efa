#include "cli/inject/secret_spec.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

bool IsName(std::string_view name) {
  return !name.empty() && absl::ascii_isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) != 0 || c == '_'; });
}

}  // namespace

absl::StatusOr<SecretSpec> ParseSecretSpec(const std::string& text) {
  const auto malformed = [&text] {
    return absl::InvalidArgumentError(
        ToAbsl(StrCat(text, ": say NAME=secret or NAME=secret@version, as in DB_URL=prod/db-url")));
  };
  SecretSpec spec;
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return malformed();
  spec.name = text.substr(0, equals);
  spec.secret = text.substr(equals + 1);
  if (const size_t at = spec.secret.rfind('@'); at != std::string::npos) {
    if (!absl::SimpleAtoi(spec.secret.substr(at + 1), &spec.version) || spec.version == 0) {
      return malformed();
    }
    spec.secret.resize(at);
  }
  if (!IsName(spec.name) || spec.secret.empty()) return malformed();
  return spec;
}

}  // namespace kasbah::cli
