#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/uuid.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::vault {

// Which root key: part of what a wrapped one is bound to.
struct RootKeyRef {
  Uuid key_id;
  uint32_t version = 0;
  friend bool operator==(const RootKeyRef&, const RootKeyRef&) = default;
};

// What wraps the root key, outside PostgreSQL: whoever has the database and not the seal has
// nothing. Asked at start, and where an operator asks whether it works. Thread safe.
class Seal {
 public:
  virtual ~Seal() = default;
  // "file", "pkcs11", "aws_kms".
  virtual std::string_view name() const = 0;
  // Errors say what an operator should do and hold no key.
  virtual absl::StatusOr<std::string> Wrap(const RootKeyRef& ref,
                                           const crypto::SecretBytes& root) = 0;
  virtual absl::StatusOr<crypto::SecretBytes> Unwrap(const RootKeyRef& ref,
                                                     std::string_view wrapped) = 0;
};

}  // namespace kasbah::vault
