#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace kasbah::cli {

// NAME=secret or NAME=secret@version: which secret a program gets, and under what name.
struct SecretSpec {
  // A variable's: letters, digits and "_", no digit first.
  std::string name;
  // sec_… or its path.
  std::string secret;
  // 0: the latest.
  uint32_t version = 0;
};

// INVALID_ARGUMENT for text of another form.
absl::StatusOr<SecretSpec> ParseSecretSpec(const std::string& text);

}  // namespace kasbah::cli
