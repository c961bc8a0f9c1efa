#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/rpc/assertion.h"

namespace kasbah::rpc {

// The claims of an assertion as they are written (assertion.h lists them): one place for both
// directions. Neither knows of signatures.
std::string EncodeClaims(const Assertion& assertion, std::string_view issuer,
                         std::string_view audience, std::string_view token_id);

struct Claims {
  std::string issuer;
  std::string audience;
  Assertion assertion;
};
// INVALID_ARGUMENT, without detail, for anything that EncodeClaims would not have written.
absl::StatusOr<Claims> ParseClaims(std::string_view json);

}  // namespace kasbah::rpc
