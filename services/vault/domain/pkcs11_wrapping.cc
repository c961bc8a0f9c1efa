#include "services/vault/domain/pkcs11_wrapping.h"

#include "libs/base/status_macros.h"
#include "libs/crypto/hash.h"
#include "services/vault/domain/pkcs11_token.h"

namespace kasbah::vault {
namespace {

// What is wrapped: this byte, the IV, the ciphertext with its tag.
constexpr char kFormat = '\x01';
constexpr size_t kIvBytes = 12;

}  // namespace

absl::StatusOr<std::string> WrapByToken(const Pkcs11Options& options, const std::string& context,
                                        const crypto::SecretBytes& key) {
  ASSIGN_OR_RETURN(const auto token, Pkcs11Token::Open(options));
  ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE wrapping, token->FindKey(options.key));
  const std::string iv = crypto::RandomBytes(kIvBytes);
  ASSIGN_OR_RETURN(
      const std::string sealed,
      token->Encrypt(wrapping, iv, context, key.view(crypto::SecretAccess::ForSeal())));
  return kFormat + iv + sealed;
}

absl::StatusOr<crypto::SecretBytes> UnwrapByToken(const Pkcs11Options& options,
                                                  const std::string& context,
                                                  std::string_view wrapped) {
  if (wrapped.size() < 1 + kIvBytes || wrapped.front() != kFormat) {
    return absl::FailedPreconditionError("not what a PKCS#11 seal wrapped");
  }
  ASSIGN_OR_RETURN(const auto token, Pkcs11Token::Open(options));
  ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE wrapping, token->FindKey(options.key));
  return token->Decrypt(wrapping, std::string(wrapped.substr(1, kIvBytes)), context,
                        wrapped.substr(1 + kIvBytes));
}

}  // namespace kasbah::vault
