#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/postgres/database.h"
#include "services/auth/domain/signing_certificate.h"

namespace kasbah::auth {

// Public signing keys of every auth process, through the resolver's door. What is read here is only
// claimed; the vault's signature says whether it holds. Thread safe.
class SigningKeyStore {
 public:
  explicit SigningKeyStore(postgres::Door& door) : door_(door) {}

  absl::Status Insert(const CertifiedKey& key, absl::Time deadline);
  absl::StatusOr<std::vector<CertifiedKey>> ListUnexpired(absl::Time now, absl::Time deadline);
  absl::Status DeleteExpired(absl::Time before, absl::Time deadline);

 private:
  postgres::Door& door_;
};

}  // namespace kasbah::auth
