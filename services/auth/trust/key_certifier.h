#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::auth {

// Who vouches for the signing keys of auth's processes: the vault, which keeps the one key that all
// of them trust. An interface, so that what is built on it can be tested without a vault.
class KeyCertifier {
 public:
  virtual ~KeyCertifier() = default;
  // Ed25519 signature of `text`, 64 bytes. Blocks.
  virtual absl::StatusOr<std::string> Sign(std::string_view text) = 0;
  // Public keys, raw, whose signatures count: one for each version of the vault's key. Blocks.
  virtual absl::StatusOr<std::vector<std::string>> PublicKeys() = 0;
};

}  // namespace kasbah::auth
