#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/crypto/context.h"
#include "libs/crypto/ed25519.h"
#include "libs/crypto/secret_bytes.h"
#include "services/vault/domain/key.h"
#include "services/vault/domain/root_keys.h"

namespace kasbah::vault {

// A key opened for use, for at most kDuration: by then whatever was true when it was read, the
// tenant's state and the versions, is read again. Immutable, so threads share it.
class KeyLease {
 public:
  static constexpr absl::Duration kDuration = absl::Seconds(5);

  // Opens every version of `stored`. `issued` is a time before it was read. Versions that
  // `previous` (may be null) has open are taken over from it.
  static absl::StatusOr<std::shared_ptr<const KeyLease>> Open(
      const RootKeys& root, TenantId tenant, const StoredKey& stored, absl::Time issued,
      const std::shared_ptr<const KeyLease>& previous);

  KeyId id() const { return id_; }
  const std::string& id_text() const { return id_text_; }
  TenantId tenant() const { return tenant_; }
  const KeyName& name() const { return name_; }
  const std::string& name_text() const { return name_text_; }
  KeyPurpose purpose() const { return purpose_; }
  uint32_t primary_version() const { return primary_version_; }
  absl::Time issued() const { return issued_; }
  // A clock that was set back ends a lease rather than stretching it.
  bool IsLiveAt(absl::Time now) const { return issued_ <= now && now < issued_ + kDuration; }
  bool Has(uint32_t version) const { return Find(version) != nullptr; }

  // Format v1 under the primary version, bound to tenant, `use` ("encrypt", "secret") and `pairs`,
  // which may not use keys that begin with "kasbah.". For keys of purpose encrypt.
  absl::StatusOr<std::string> Seal(std::string_view use, crypto::ContextPairs pairs,
                                   std::string_view plaintext) const;
  // OPEN_FAILED for every reason.
  absl::StatusOr<crypto::SecretBytes> OpenSealed(std::string_view use, crypto::ContextPairs pairs,
                                                 std::string_view ciphertext) const;

  // HMAC-SHA256, for keys of purpose mac. NOT_FOUND for a version that is not there.
  absl::StatusOr<std::string> Mac(uint32_t version, std::string_view data) const;

  // Ed25519 under the primary version, for keys of purpose sign.
  std::string Sign(std::string_view data) const;
  struct PublicKey {
    uint32_t version;
    std::string raw;
  };
  std::vector<PublicKey> PublicKeys() const;

 private:
  // What a version is used with: for mac and sign derived from the stored bytes under labels of
  // their own.
  struct Version {
    uint32_t number = 0;
    crypto::SecretBytes key;
    std::optional<crypto::Ed25519Key> signer;
  };
  KeyLease() = default;
  static std::shared_ptr<const Version> Derive(KeyPurpose purpose, uint32_t number,
                                               crypto::SecretBytes key);
  const Version* Find(uint32_t version) const;
  absl::StatusOr<std::string> Context(std::string_view use, crypto::ContextPairs pairs) const;

  KeyId id_;
  std::string id_text_;
  TenantId tenant_;
  KeyName name_;
  std::string name_text_;
  KeyPurpose purpose_ = KeyPurpose::kEncrypt;
  uint32_t primary_version_ = 0;
  absl::Time issued_;
  // Ascending; shared with the leases before and after.
  std::vector<std::shared_ptr<const Version>> versions_;
};

}  // namespace kasbah::vault
