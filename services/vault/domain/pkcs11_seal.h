#pragma once

#include <string>

#include "absl/status/status.h"
#include "services/vault/domain/seal.h"

namespace kasbah::vault {

struct Pkcs11Options {
  // Shared object of the token's maker: /usr/lib/softhsm/libsofthsm2.so.
  std::string module;
  // Label of the token.
  std::string token;
  // File with the user's PIN, mode 0600; a line's end after it is not part of it.
  std::string pin_file;
  // Label of the AES-256 key in it.
  std::string key = "kasbah-seal";
};

// A seal that is an AES-256 key in a PKCS#11 token (v2.40), which it never leaves: the token wraps
// by CKM_AES_GCM, bound to which root key it is. The module is loaded at the first use and stays.
class Pkcs11Seal : public Seal {
 public:
  explicit Pkcs11Seal(Pkcs11Options options) : options_(std::move(options)) {}

  // Makes the key in the token: sensitive, not extractable. ALREADY_EXISTS, changing nothing, when
  // there is one of that label.
  static absl::Status MakeKey(const Pkcs11Options& options);

  std::string_view name() const override { return "pkcs11"; }
  absl::StatusOr<std::string> Wrap(const RootKeyRef& ref, const crypto::SecretBytes& root) override;
  absl::StatusOr<crypto::SecretBytes> Unwrap(const RootKeyRef& ref,
                                             std::string_view wrapped) override;

 private:
  const Pkcs11Options options_;
};

}  // namespace kasbah::vault
