#pragma once

#include "libs/base/uuid.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::vault {

// A data subject's share: destroyed, it takes with it what was sealed for the subject and nothing
// else. Immutable, so threads share it.
struct SubjectShare {
  Uuid id;
  crypto::SecretBytes share;

  // What seals for the subject: neither the tenant's key nor the share gives it alone.
  crypto::SecretBytes KeyWith(const crypto::SecretBytes& key) const {
    return crypto::HkdfSha256(key, share.view(crypto::SecretAccess::ForSeal()), "kasbah/v1/subject",
                              32);
  }
};

}  // namespace kasbah::vault
