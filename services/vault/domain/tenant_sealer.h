#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/crypto/secret_bytes.h"
#include "services/vault/domain/stored_kek.h"

namespace kasbah::vault {

// Asks seals that tenants brought. Thread safe.
class TenantSealer {
 public:
  virtual ~TenantSealer() = default;
  // INVALID_ARGUMENT with the field for a seal that this installation cannot ask.
  virtual absl::Status Check(const TenantSeal& seal) const = 0;
  // A half of the tenant's KEK, bound to the tenant, so that another tenant who names the same key
  // gets nothing by it. UNAVAILABLE when the seal does not answer; anything else is its refusal.
  virtual absl::StatusOr<std::string> Wrap(TenantId tenant, const TenantSeal& seal,
                                           const crypto::SecretBytes& half) = 0;
  virtual absl::StatusOr<crypto::SecretBytes> Unwrap(TenantId tenant, const TenantSeal& seal,
                                                     std::string_view wrapped) = 0;
};

}  // namespace kasbah::vault
