#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/crypto/secret_bytes.h"
#include "services/vault/domain/pkcs11_seal.h"

namespace kasbah::vault {

// A key wrapped by the key that `options` names in its token (CKM_AES_GCM), bound to `context`.
// Errors name the token and what it returned.
absl::StatusOr<std::string> WrapByToken(const Pkcs11Options& options, const std::string& context,
                                        const crypto::SecretBytes& key);
absl::StatusOr<crypto::SecretBytes> UnwrapByToken(const Pkcs11Options& options,
                                                  const std::string& context,
                                                  std::string_view wrapped);

}  // namespace kasbah::vault
