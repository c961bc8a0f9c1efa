#include "services/vault/domain/pkcs11_seal.h"

#include "libs/base/status_macros.h"
#include "services/vault/domain/pkcs11_token.h"
#include "services/vault/domain/pkcs11_wrapping.h"
#include "services/vault/domain/wrapping_context.h"

namespace kasbah::vault {

absl::Status Pkcs11Seal::MakeKey(const Pkcs11Options& options) {
  ASSIGN_OR_RETURN(const auto token, Pkcs11Token::Open(options));
  const auto found = token->FindKey(options.key);
  if (found.ok()) {
    return absl::AlreadyExistsError("PKCS#11 token " + options.token + ": has a key " +
                                    options.key + " already");
  }
  if (!absl::IsNotFound(found.status())) return found.status();
  return token->MakeKey(options.key);
}

absl::StatusOr<std::string> Pkcs11Seal::Wrap(const RootKeyRef& ref,
                                             const crypto::SecretBytes& root) {
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  return WrapByToken(options_, context, root);
}

absl::StatusOr<crypto::SecretBytes> Pkcs11Seal::Unwrap(const RootKeyRef& ref,
                                                       std::string_view wrapped) {
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  return UnwrapByToken(options_, context, wrapped);
}

}  // namespace kasbah::vault
