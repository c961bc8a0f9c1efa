#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::vault {

// What a key is for: once made, it serves nothing else.
enum class KeyPurpose { kEncrypt, kMac, kSign };
// "encrypt", "mac", "sign": as stored, and bound into what the key wraps and seals.
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

// A key as stored: wrapped by the root key, one row a version.
struct StoredKeyVersion {
  uint32_t version = 0;
  std::string wrapped;
  absl::Time created_at;
};
struct StoredKey {
  KeyId id;
  KeyName name;
  KeyPurpose purpose = KeyPurpose::kEncrypt;
  uint32_t primary_version = 0;
  // Ascending.
  std::vector<StoredKeyVersion> versions;
};

}  // namespace kasbah::vault
