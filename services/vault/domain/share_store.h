#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::vault {

// Which share: a tenant's own, or one of its data subjects'.
struct ShareRef {
  TenantId tenant;
  Uuid id;
};

// Shares: 32 bytes each, outside PostgreSQL, without which a tenant's or a data subject's keys open
// nothing. A share that is destroyed here takes with it what was sealed, in every backup of the
// database. Thread safe.
//
// Errors: UNAVAILABLE when the store does not answer; whatever else says what an operator should
// do.
class ShareStore {
 public:
  static constexpr size_t kShareSize = 32;

  virtual ~ShareStore() = default;
  // "file", "s3", "aws_kms".
  virtual std::string_view name() const = 0;
  // A new share, durable when this returns. `ref.id` was never used before.
  virtual absl::StatusOr<crypto::SecretBytes> Make(const ShareRef& ref) = 0;
  // DATA_LOSS for one that was destroyed; NOT_FOUND for one that was never here, which is the sign
  // of a store that is not the one the database belongs to.
  virtual absl::StatusOr<crypto::SecretBytes> Read(const ShareRef& ref) = 0;
  // Nothing of it can be read afterwards, and that it was destroyed is remembered. Again, or of one
  // that is not here, it is not an error.
  virtual absl::Status Destroy(const ShareRef& ref) = 0;
};

}  // namespace kasbah::vault
