#include "services/vault/domain/key.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "libs/base/error.h"

namespace kasbah::vault {
namespace {

bool IsName(std::string_view text) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && text.size() <= 64 && lower(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return lower(c) || digit(c) || c == '-'; });
}

constexpr absl::Duration kShortestRotation = absl::Hours(24);
constexpr absl::Duration kLongestRotation = absl::Hours(24 * 3653);
constexpr absl::Duration kLongestDestroyDelay = absl::Hours(24 * 90);

absl::Status VersionDestroyed() {
  return Error(absl::StatusCode::kFailedPrecondition, "KEY_VERSION_DESTROYED",
               "this version of the key was destroyed");
}

}  // namespace

std::string_view ToText(KeyPurpose purpose) {
  switch (purpose) {
    case KeyPurpose::kEncrypt:
      return "encrypt";
    case KeyPurpose::kMac:
      return "mac";
    case KeyPurpose::kSign:
      return "sign";
    case KeyPurpose::kSignP256:
      return "sign_p256";
    case KeyPurpose::kBlindIndex:
      return "blind_index";
  }
  Crash("a key purpose without a name", __FILE__, __LINE__);
}

absl::StatusOr<KeyPurpose> ParseKeyPurpose(std::string_view text) {
  for (KeyPurpose purpose : {KeyPurpose::kEncrypt, KeyPurpose::kMac, KeyPurpose::kSign,
                             KeyPurpose::kSignP256, KeyPurpose::kBlindIndex}) {
    if (ToText(purpose) == text) return purpose;
  }
  return absl::InvalidArgumentError("not a key purpose");
}

absl::StatusOr<KeyName> KeyName::Parse(std::string_view text) {
  if (IsName(text)) return KeyName{std::string(kVaultOwner), std::string(text)};
  const size_t slash = text.rfind('/');
  if (slash != std::string_view::npos) {
    const std::string_view owner = text.substr(0, slash), name = text.substr(slash + 1);
    if (owner.starts_with("service/") && IsName(owner.substr(8)) && IsName(name)) {
      return KeyName{std::string(owner), std::string(name)};
    }
  }
  return InvalidField("key", "must be a key's name: \"secrets\", \"service/tenant-data/fields\"");
}

const StoredKeyVersion* StoredKey::Find(uint32_t version) const {
  for (const StoredKeyVersion& candidate : versions) {
    if (candidate.version == version) return &candidate;
  }
  return nullptr;
}

KeyVersionState StateOf(const StoredKey& key, const StoredKeyVersion& version) {
  if (version.destroyed_at) return KeyVersionState::kDestroyed;
  if (version.destroy_at) return KeyVersionState::kDestroyScheduled;
  return version.version < key.min_open_version ? KeyVersionState::kTooOld
                                                : KeyVersionState::kEnabled;
}

void SetRotationPeriod(std::optional<absl::Duration> period, StoredKey& key) {
  key.rotation_period = period;
  key.next_rotation = std::nullopt;
  if (period) key.next_rotation = key.versions.back().created_at + *period;
}

absl::Status CheckSettings(const StoredKey& key) {
  std::vector<Violation> violations;
  if (key.rotation_period &&
      (*key.rotation_period < kShortestRotation || *key.rotation_period > kLongestRotation)) {
    violations.push_back({"rotation_period", "must be a day to ten years", "RANGE"});
  }
  if (key.destroy_delay < absl::ZeroDuration() || key.destroy_delay > kLongestDestroyDelay) {
    violations.push_back({"version_destroy_delay", "must be 0 s to 90 days", "RANGE"});
  }
  if (key.min_open_version < 1 || key.min_open_version > key.primary_version) {
    violations.push_back({"min_open_version", "must be 1 to the primary version", "RANGE"});
  }
  if (violations.empty()) return absl::OkStatus();
  return InvalidFields(std::move(violations));
}

absl::Status CheckMayDestroy(const StoredKey& key, uint32_t version) {
  const StoredKeyVersion* found = key.Find(version);
  if (found == nullptr) return NotFound("key version");
  if (version == key.primary_version) {
    return Error(absl::StatusCode::kFailedPrecondition, "KEY_VERSION_PRIMARY",
                 "the newest version cannot be destroyed; rotate the key first");
  }
  return found->destroyed_at ? VersionDestroyed() : absl::OkStatus();
}

absl::Status Restore(StoredKeyVersion& version) {
  if (version.destroyed_at) return VersionDestroyed();
  version.destroy_at = std::nullopt;
  version.is_forced = false;
  return absl::OkStatus();
}

}  // namespace kasbah::vault
