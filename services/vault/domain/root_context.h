#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/crypto/context.h"
#include "services/vault/domain/seal.h"

namespace kasbah::vault {

// What a wrapped root key is bound to, whatever seal wrapped it: so that one put in another's place
// does not open.
inline absl::StatusOr<std::string> ContextOf(const RootKeyRef& ref) {
  const std::string version = std::to_string(ref.version);
  return crypto::EncodeContext({{"kasbah.root", ref.key_id.view()}, {"kasbah.version", version}});
}

}  // namespace kasbah::vault
