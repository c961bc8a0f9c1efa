#include "services/vault/domain/key_lease.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/crypto/hash.h"

namespace kasbah::vault {
namespace {

namespace format = crypto::ciphertext_v1;

constexpr std::string_view kReservedPrefix = "kasbah.";
constexpr std::string_view kBlindIndexUse = "blind-index";

}  // namespace

absl::StatusOr<std::shared_ptr<const KeyLease>> KeyLease::Open(
    const RootKeys& root, std::shared_ptr<const Kek> kek, TenantId tenant, const StoredKey& stored,
    absl::Time issued, const std::shared_ptr<const KeyLease>& previous) {
  const std::shared_ptr<KeyLease> lease(new KeyLease);
  lease->id_ = stored.id;
  lease->id_text_ = stored.id.ToString();
  lease->tenant_ = tenant;
  lease->kek_ = std::move(kek);
  lease->name_ = stored.name;
  lease->name_text_ = stored.name.ToString();
  lease->purpose_ = stored.purpose;
  lease->primary_version_ = stored.primary_version;
  lease->issued_ = issued;
  const bool same_key =
      previous != nullptr && previous->id_ == stored.id && previous->purpose_ == stored.purpose;
  for (const StoredKeyVersion& version : stored.versions) {
    if (StateOf(stored, version) != KeyVersionState::kEnabled) continue;
    if (same_key) {
      const auto open = std::find_if(previous->versions_.begin(), previous->versions_.end(),
                                     [&](const auto& v) { return v->number() == version.version; });
      if (open != previous->versions_.end()) {
        lease->versions_.push_back(*open);
        continue;
      }
    }
    ASSIGN_OR_RETURN(
        crypto::SecretBytes key,
        UnwrapKey(root, lease->kek_.get(), {tenant, stored.id, version.version, stored.purpose},
                  version.wrapped));
    lease->versions_.push_back(OpenedVersion::Of(stored.purpose, version.version, std::move(key)));
  }
  lease->primary_ = lease->Find(stored.primary_version);
  if (lease->primary_ == nullptr) return absl::DataLossError("a key without its primary version");
  return lease;
}

const OpenedVersion* KeyLease::Find(uint32_t version) const {
  // Nearly always the newest.
  for (auto it = versions_.rbegin(); it != versions_.rend(); ++it) {
    if ((*it)->number() == version) return it->get();
  }
  return nullptr;
}

absl::StatusOr<std::string> KeyLease::Context(std::string_view use, crypto::ContextPairs pairs,
                                              const SubjectShare* subject) const {
  for (const auto& [key, value] : pairs) {
    if (key.starts_with(kReservedPrefix)) {
      return InvalidField("context", "keys that begin with \"kasbah.\" are the vault's own");
    }
  }
  pairs.emplace_back("kasbah.tenant", tenant_.uuid().view());
  pairs.emplace_back("kasbah.purpose", use);
  if (subject != nullptr) pairs.emplace_back("kasbah.subject", subject->id.view());
  absl::StatusOr<std::string> context = crypto::EncodeContext(std::move(pairs));
  if (!context.ok()) return InvalidField("context", context.status().ToString());
  return context;
}

absl::StatusOr<std::string> KeyLease::Seal(std::string_view use, crypto::ContextPairs pairs,
                                           std::string_view plaintext,
                                           const SubjectShare* subject) const {
  KASBAH_CHECK(purpose_ == KeyPurpose::kEncrypt);
  ASSIGN_OR_RETURN(const std::string context, Context(use, std::move(pairs), subject));
  const format::KeyRef ref{id_.uuid(), primary_version_};
  const crypto::SecretBytes& key = Primary().key();
  if (subject == nullptr) return format::Seal(format::Use::kMessage, key, ref, context, plaintext);
  return format::Seal(format::Use::kMessage, subject->KeyWith(key), ref, context, plaintext);
}

absl::StatusOr<crypto::SecretBytes> KeyLease::OpenSealed(std::string_view use,
                                                         crypto::ContextPairs pairs,
                                                         std::string_view ciphertext,
                                                         const SubjectShare* subject) const {
  KASBAH_CHECK(purpose_ == KeyPurpose::kEncrypt);
  ASSIGN_OR_RETURN(const format::KeyRef named, format::ParseKeyRef(ciphertext));
  const OpenedVersion* version = Find(named.version);
  if (version == nullptr || named.key_id != id_.uuid()) return format::OpenFailed();
  const absl::StatusOr<std::string> context = Context(use, std::move(pairs), subject);
  if (!context.ok()) return format::OpenFailed();
  const crypto::SecretBytes& key = version->key();
  if (subject == nullptr) {
    return format::Open(format::Use::kMessage, key, named, *context, ciphertext);
  }
  return format::Open(format::Use::kMessage, subject->KeyWith(key), named, *context, ciphertext);
}

absl::StatusOr<std::string> KeyLease::Mac(uint32_t version, std::string_view data) const {
  KASBAH_CHECK(purpose_ == KeyPurpose::kMac);
  const OpenedVersion* key = version == 0 ? primary_ : Find(version);
  if (key == nullptr) return NotFound("key version");
  return crypto::HmacSha256(key->key(), data);
}

uint32_t KeyLease::VersionOfMac(uint32_t version, std::string_view data,
                                std::string_view mac) const {
  KASBAH_CHECK(purpose_ == KeyPurpose::kMac);
  for (auto it = versions_.rbegin(); it != versions_.rend(); ++it) {
    if (version != 0 && (*it)->number() != version) continue;
    if (crypto::ConstantTimeEquals(crypto::HmacSha256((*it)->key(), data), mac)) {
      return (*it)->number();
    }
  }
  return 0;
}

absl::StatusOr<std::string> KeyLease::BlindIndex(uint32_t version, crypto::ContextPairs pairs,
                                                 std::string_view value, uint32_t bits) const {
  KASBAH_CHECK(purpose_ == KeyPurpose::kBlindIndex);
  const OpenedVersion* key = version == 0 ? primary_ : Find(version);
  if (key == nullptr) return NotFound("key version");
  ASSIGN_OR_RETURN(const std::string context, Context(kBlindIndexUse, std::move(pairs)));
  std::string index = crypto::HmacSha256(crypto::HkdfSha256(key->key(), "", context, 32), value);
  index.resize((bits + 7) / 8);
  if (const uint32_t spare = bits % 8; spare != 0) {
    index.back() = static_cast<char>(index.back() & (0xFF << (8 - spare)));
  }
  return index;
}

std::string KeyLease::Sign(std::string_view data) const {
  KASBAH_CHECK(IsSigner());
  return Primary().Sign(data);
}

uint32_t KeyLease::VersionOfSignature(uint32_t version, std::string_view data,
                                      std::string_view signature) const {
  KASBAH_CHECK(IsSigner());
  for (auto it = versions_.rbegin(); it != versions_.rend(); ++it) {
    if (version != 0 && (*it)->number() != version) continue;
    if ((*it)->Verify(data, signature)) return (*it)->number();
  }
  return 0;
}

std::vector<KeyLease::PublicKey> KeyLease::PublicKeys() const {
  KASBAH_CHECK(IsSigner());
  std::vector<PublicKey> keys;
  for (const auto& version : versions_) keys.push_back({version->number(), version->public_key()});
  return keys;
}

}  // namespace kasbah::vault
