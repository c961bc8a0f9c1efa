#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "services/vault/domain/stored_kek.h"

namespace kasbah::vault {

// What a key is for: once made, it serves nothing else.
enum class KeyPurpose { kEncrypt, kMac, kSign, kSignP256, kBlindIndex };
// "encrypt", "mac", "sign", "sign_p256", "blind_index": as stored, and bound into what the key
// wraps and seals.
std::string_view ToText(KeyPurpose purpose);
absl::StatusOr<KeyPurpose> ParseKeyPurpose(std::string_view text);

// Whose key: the SPIFFE path of the workload that may use it, and its name there.
struct KeyName {
  // "service/tenant-data".
  std::string owner;
  // "fields".
  std::string name;

  // "service/tenant-data/fields".
  std::string ToString() const { return owner + "/" + name; }
  // The whole name, or a name alone, which is the vault's own. INVALID_ARGUMENT for anything else.
  static absl::StatusOr<KeyName> Parse(std::string_view text);
  friend bool operator==(const KeyName&, const KeyName&) = default;
};

// The vault's own SPIFFE path, and the key that seals a tenant's secrets.
inline constexpr std::string_view kVaultOwner = "service/vault";
inline constexpr std::string_view kSecretsKey = "secrets";
inline KeyName SecretsKeyName() { return {std::string(kVaultOwner), std::string(kSecretsKey)}; }

// A key as stored: wrapped by the root key, one row a version.
struct StoredKeyVersion {
  uint32_t version = 0;
  // Empty once destroyed.
  std::string wrapped;
  absl::Time created_at;
  // Of a version whose destruction is scheduled.
  std::optional<absl::Time> destroy_at;
  // Scheduled, whatever is sealed with it.
  bool is_forced = false;
  std::optional<absl::Time> destroyed_at;
  // Uses that were reserved.
  int64_t operations = 0;
};
struct StoredKey {
  KeyId id;
  KeyName name;
  KeyPurpose purpose = KeyPurpose::kEncrypt;
  uint32_t primary_version = 0;
  absl::Time created_at;
  std::optional<absl::Duration> rotation_period;
  std::optional<absl::Time> next_rotation;
  uint32_t min_open_version = 1;
  absl::Duration destroy_delay = absl::Hours(24);
  // The tenant's; none of the installation's own keys, and of a tenant's before its first key.
  std::optional<StoredKek> kek;
  // Ascending.
  std::vector<StoredKeyVersion> versions;

  const StoredKeyVersion* Find(uint32_t version) const;
};

enum class KeyVersionState { kEnabled, kTooOld, kDestroyScheduled, kDestroyed };
KeyVersionState StateOf(const StoredKey& key, const StoredKeyVersion& version);

// The next rotation is a period from the newest version on, so an old key is due at once; none:
// rotated by hand.
void SetRotationPeriod(std::optional<absl::Duration> period, StoredKey& key);

// INVALID_FIELDS for a rotation period other than a day to ten years, a delay of destruction over
// 90 days or a min_open_version past the primary one.
absl::Status CheckSettings(const StoredKey& key);
// Whether the key's settings let `version` be destroyed: NOT_FOUND; FAILED_PRECONDITION,
// KEY_VERSION_PRIMARY or KEY_VERSION_DESTROYED.
absl::Status CheckMayDestroy(const StoredKey& key, uint32_t version);
// Calls a destruction off; KEY_VERSION_DESTROYED.
absl::Status Restore(StoredKeyVersion& version);

}  // namespace kasbah::vault
