#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/crypto/secret_bytes.h"
#include "services/vault/domain/root_keys.h"
#include "services/vault/domain/stored_kek.h"

namespace kasbah::vault {

// A tenant's key-encryption key (KEK): between the root key and the tenant's keys, so that neither
// the database nor the root key opens them without what is elsewhere.
class Kek {
 public:
  // From the share and, where the tenant has a seal, the half that it opened (otherwise empty).
  static Kek Of(const StoredKek& stored, const crypto::SecretBytes& share,
                const crypto::SecretBytes& half);

  const Uuid& share() const { return share_; }
  uint32_t generation() const { return generation_; }

  // A key's bytes under the KEK, bound to which key it is.
  absl::StatusOr<std::string> Wrap(const WrappedKeyRef& ref, const crypto::SecretBytes& key) const;
  // DATA_LOSS for what Wrap did not make for this very key and generation.
  absl::StatusOr<crypto::SecretBytes> Unwrap(const WrappedKeyRef& ref,
                                             std::string_view wrapped) const;

  // SubjectHash under this tenant's share.
  std::string HashOf(std::string_view subject) const;

 private:
  Uuid share_;
  uint32_t generation_ = 0;
  crypto::SecretBytes key_;
  crypto::SecretBytes lookup_;
};

// Under what the database keeps a data subject of the tenant whose share it is: tells nothing about
// them once the share is gone.
std::string SubjectHash(const crypto::SecretBytes& share, std::string_view subject);

// A tenant's key on its way into the database and out of it: under the KEK, and that under the root
// key. Without a KEK (null), as for the installation's own keys, under the root key alone; that is
// also how keys were wrapped before there were KEKs, and both open.
absl::StatusOr<std::string> WrapKey(const RootKeys& root, const Kek* kek, const WrappedKeyRef& ref,
                                    const crypto::SecretBytes& key);
absl::StatusOr<crypto::SecretBytes> UnwrapKey(const RootKeys& root, const Kek* kek,
                                              const WrappedKeyRef& ref, std::string_view wrapped);

// FAILED_PRECONDITION, KEY_SHREDDED: for good.
absl::Status KeyShredded();

}  // namespace kasbah::vault
