#include "services/vault/domain/pkcs11_seal.h"

#include "libs/base/status_macros.h"
#include "libs/crypto/hash.h"
#include "services/vault/domain/pkcs11_token.h"
#include "services/vault/domain/wrapping_context.h"

namespace kasbah::vault {
namespace {

// What is wrapped: this byte, the IV, the ciphertext with its tag.
constexpr char kFormat = '\x01';
constexpr size_t kIvBytes = 12;

}  // namespace

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
  ASSIGN_OR_RETURN(const auto token, Pkcs11Token::Open(options_));
  ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, token->FindKey(options_.key));
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  const std::string iv = crypto::RandomBytes(kIvBytes);
  ASSIGN_OR_RETURN(const std::string sealed,
                   token->Encrypt(key, iv, context, root.view(crypto::SecretAccess::ForSeal())));
  return kFormat + iv + sealed;
}

absl::StatusOr<crypto::SecretBytes> Pkcs11Seal::Unwrap(const RootKeyRef& ref,
                                                       std::string_view wrapped) {
  if (wrapped.size() < 1 + kIvBytes || wrapped.front() != kFormat) {
    return absl::FailedPreconditionError("not what a PKCS#11 seal wrapped");
  }
  ASSIGN_OR_RETURN(const auto token, Pkcs11Token::Open(options_));
  ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, token->FindKey(options_.key));
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  return token->Decrypt(key, std::string(wrapped.substr(1, kIvBytes)), context,
                        wrapped.substr(1 + kIvBytes));
}

}  // namespace kasbah::vault
