#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/crypto/context.h"
#include "services/vault/domain/root_keys.h"
#include "services/vault/domain/seal.h"

namespace kasbah::vault {

// What a wrapped key is bound to, whatever wrapped it: so that one put in another's place does not
// open.
inline absl::StatusOr<std::string> ContextOf(const RootKeyRef& ref) {
  const std::string version = std::to_string(ref.version);
  return crypto::EncodeContext({{"kasbah.root", ref.key_id.view()}, {"kasbah.version", version}});
}

inline absl::StatusOr<std::string> ContextOf(const WrappedKeyRef& ref) {
  const std::string version = std::to_string(ref.version);
  return crypto::EncodeContext({{"kasbah.tenant", ref.tenant.uuid().view()},
                                {"kasbah.key", ref.key.uuid().view()},
                                {"kasbah.version", version},
                                {"kasbah.purpose", ToText(ref.purpose)}});
}

}  // namespace kasbah::vault
