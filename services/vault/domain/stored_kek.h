#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "libs/base/uuid.h"

namespace kasbah::vault {

// A tenant's own seal: a key that the tenant holds and can take away.
struct TenantSeal {
  // "aws_kms", "pkcs11".
  std::string kind;
  // ARN of the key, or its label in the tenant's token.
  std::string key;
  // Label of the token; of PKCS#11 alone.
  std::string token;
  friend bool operator==(const TenantSeal&, const TenantSeal&) = default;
};

// A tenant's key-encryption key (KEK) as the database knows it: everything but its share.
struct StoredKek {
  Uuid share;
  // Raised with each change of what it is made of; part of the header of what it wrapped.
  uint32_t generation = 1;
  std::optional<absl::Time> shredded_at;
  std::optional<TenantSeal> seal;
  // The half that the tenant's seal opens, as the seal wrapped it.
  std::string sealed_half;
};

}  // namespace kasbah::vault
