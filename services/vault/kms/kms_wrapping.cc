#include "services/vault/kms/kms_wrapping.h"

#include "libs/base/status_macros.h"
#include "libs/crypto/encoding.h"
#include <nlohmann/json.hpp>

namespace kasbah::vault {

using nlohmann::json;

absl::StatusOr<std::string> WrapByKms(aws::Kms& kms, const std::string& key_id, const json& context,
                                      const crypto::SecretBytes& key) {
  ASSIGN_OR_RETURN(
      json answer,
      kms.Call("Encrypt", {{"KeyId", key_id},
                           {"Plaintext", crypto::Base64(key.view(crypto::SecretAccess::ForSeal()))},
                           {"EncryptionContext", context}}));
  return aws::BytesOf(answer, "CiphertextBlob");
}

absl::StatusOr<crypto::SecretBytes> UnwrapByKms(aws::Kms& kms, const std::string& key_id,
                                                const json& context, std::string_view wrapped) {
  ASSIGN_OR_RETURN(json answer, kms.Call("Decrypt", {{"KeyId", key_id},
                                                     {"CiphertextBlob", crypto::Base64(wrapped)},
                                                     {"EncryptionContext", context}}));
  ASSIGN_OR_RETURN(std::string plaintext, aws::BytesOf(answer, "Plaintext"));
  crypto::SecretBytes key = crypto::SecretBytes::Copy(plaintext);
  crypto::Wipe(plaintext);
  return key;
}

}  // namespace kasbah::vault
