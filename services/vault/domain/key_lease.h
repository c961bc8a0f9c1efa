#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/crypto/context.h"
#include "libs/crypto/secret_bytes.h"
#include "services/vault/domain/kek.h"
#include "services/vault/domain/key.h"
#include "services/vault/domain/opened_version.h"
#include "services/vault/domain/root_keys.h"
#include "services/vault/domain/subject_share.h"

namespace kasbah::vault {

// A key opened for use, for at most kDuration: by then whatever was true when it was read, the
// tenant's state and the versions, is read again. Immutable, so threads share it.
//
// Whatever uses the primary version takes the use from TryTake, or KeyRing::Take, first.
class KeyLease {
 public:
  static constexpr absl::Duration kDuration = absl::Seconds(5);

  // Opens the versions of `stored` that may be used. `kek` is the tenant's, null for the
  // installation's own keys. `issued` is a time before `stored` was read.
  // Versions that `previous` (may be null) has open are taken over from it.
  static absl::StatusOr<std::shared_ptr<const KeyLease>> Open(
      const RootKeys& root, std::shared_ptr<const Kek> kek, TenantId tenant,
      const StoredKey& stored, absl::Time issued, const std::shared_ptr<const KeyLease>& previous);

  KeyId id() const { return id_; }
  const std::string& id_text() const { return id_text_; }
  TenantId tenant() const { return tenant_; }
  // Null for the installation's own keys, and a tenant's that are older than its KEK.
  const std::shared_ptr<const Kek>& kek() const { return kek_; }
  const KeyName& name() const { return name_; }
  const std::string& name_text() const { return name_text_; }
  KeyPurpose purpose() const { return purpose_; }
  // Whoever signs takes the curve that the key was made for.
  bool Serves(KeyPurpose wanted) const {
    return purpose_ == wanted || (wanted == KeyPurpose::kSign && IsSigner());
  }
  uint32_t primary_version() const { return primary_version_; }
  absl::Time issued() const { return issued_; }
  // A clock that was set back ends a lease rather than stretching it.
  bool IsLiveAt(absl::Time now) const { return issued_ <= now && now < issued_ + kDuration; }
  bool Has(uint32_t version) const { return Find(version) != nullptr; }

  // Uses of the primary version that are counted already: false when `uses` are not left.
  bool TryTake(int64_t uses) const { return Primary().uses().Take(uses); }
  UseBlock& primary_uses() const { return Primary().uses(); }

  // Format v1 under the primary version, bound to tenant, `use` ("encrypt", "secret") and `pairs`,
  // which may not use keys that begin with "kasbah.". For a data subject under what the version and
  // the subject's share make together. For keys of purpose encrypt.
  absl::StatusOr<std::string> Seal(std::string_view use, crypto::ContextPairs pairs,
                                   std::string_view plaintext,
                                   const SubjectShare* subject = nullptr) const;
  // OPEN_FAILED for every reason.
  absl::StatusOr<crypto::SecretBytes> OpenSealed(std::string_view use, crypto::ContextPairs pairs,
                                                 std::string_view ciphertext,
                                                 const SubjectShare* subject = nullptr) const;

  // HMAC-SHA256, for keys of purpose mac. `version` 0 is the primary one. NOT_FOUND for a version
  // that is not there or may not be used.
  absl::StatusOr<std::string> Mac(uint32_t version, std::string_view data) const;
  // The version whose MAC of `data` is `mac`: of `version` alone, or of any when it is 0; 0 when it
  // is nobody's.
  uint32_t VersionOfMac(uint32_t version, std::string_view data, std::string_view mac) const;

  // HMAC-SHA256 under a key of the context's own, cut to `bits` (8 to 256), for keys of purpose
  // blind index. `version` as for Mac.
  absl::StatusOr<std::string> BlindIndex(uint32_t version, crypto::ContextPairs pairs,
                                         std::string_view value, uint32_t bits) const;

  // Under the primary version, for signing keys.
  std::string Sign(std::string_view data) const;
  // As VersionOfMac.
  uint32_t VersionOfSignature(uint32_t version, std::string_view data,
                              std::string_view signature) const;
  struct PublicKey {
    uint32_t version;
    std::string raw;
  };
  std::vector<PublicKey> PublicKeys() const;

 private:
  KeyLease() = default;
  const OpenedVersion* Find(uint32_t version) const;
  const OpenedVersion& Primary() const { return *primary_; }
  bool IsSigner() const {
    return purpose_ == KeyPurpose::kSign || purpose_ == KeyPurpose::kSignP256;
  }
  absl::StatusOr<std::string> Context(std::string_view use, crypto::ContextPairs pairs,
                                      const SubjectShare* subject = nullptr) const;

  KeyId id_;
  std::string id_text_;
  TenantId tenant_;
  std::shared_ptr<const Kek> kek_;
  KeyName name_;
  std::string name_text_;
  KeyPurpose purpose_ = KeyPurpose::kEncrypt;
  uint32_t primary_version_ = 0;
  absl::Time issued_;
  // Ascending; shared with the leases before and after.
  std::vector<std::shared_ptr<const OpenedVersion>> versions_;
  const OpenedVersion* primary_ = nullptr;
};

}  // namespace kasbah::vault
