#pragma once

#include <p11-kit/pkcs11.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/vault/domain/pkcs11_seal.h"

namespace kasbah::vault {

// A session with a token, signed in; ended when it is destroyed. Errors name the token, the call
// and what it returned: "PKCS#11 token kasbah: C_Login: CKR_PIN_INCORRECT".
class Pkcs11Token {
 public:
  static absl::StatusOr<std::unique_ptr<Pkcs11Token>> Open(const Pkcs11Options& options);
  ~Pkcs11Token();
  Pkcs11Token(const Pkcs11Token&) = delete;
  Pkcs11Token& operator=(const Pkcs11Token&) = delete;

  // The secret key of that label. NOT_FOUND; FAILED_PRECONDITION when there are several.
  absl::StatusOr<CK_OBJECT_HANDLE> FindKey(const std::string& label) const;
  absl::Status MakeKey(const std::string& label) const;

  // AES-256-GCM with a 16 byte tag at the end.
  absl::StatusOr<std::string> Encrypt(CK_OBJECT_HANDLE key, std::string iv, std::string context,
                                      std::string_view plaintext) const;
  absl::StatusOr<crypto::SecretBytes> Decrypt(CK_OBJECT_HANDLE key, std::string iv,
                                              std::string context,
                                              std::string_view ciphertext) const;

 private:
  Pkcs11Token(std::string label, CK_FUNCTION_LIST* functions)
      : label_(std::move(label)), functions_(functions) {}
  absl::StatusOr<CK_SLOT_ID> FindSlot() const;
  absl::Status Check(const char* call, CK_RV result) const;

  const std::string label_;
  CK_FUNCTION_LIST* const functions_;
  CK_SESSION_HANDLE session_ = 0;
};

}  // namespace kasbah::vault
