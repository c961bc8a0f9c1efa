#include "services/vault/domain/secret.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/base/status_macros.h"

namespace kasbah::vault {
namespace {

constexpr size_t kLongestPath = 255;
constexpr std::string_view kIdPrefix = "sec_";
constexpr std::string_view kSecretUse = "secret";
constexpr absl::Duration kShortestRotation = absl::Hours(1);
constexpr absl::Duration kLongestRotation = absl::Hours(24 * 3653);
constexpr absl::Duration kLongestDestroyDelay = absl::Hours(24 * 90);

bool IsPathCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '/';
}

bool IsPath(std::string_view path) {
  return !path.empty() && path.size() <= kLongestPath && path.front() != '/' &&
         path.back() != '/' && path.find("//") == std::string_view::npos &&
         std::all_of(path.begin(), path.end(), IsPathCharacter);
}

}  // namespace

std::string EtagOf(const Secret& secret) { return "r" + std::to_string(secret.revision); }

absl::StatusOr<SecretRef> SecretRef::Parse(std::string_view text) {
  SecretRef ref;
  ref.text_ = std::string(text);
  if (text.starts_with(kIdPrefix)) {
    const absl::StatusOr<SecretId> id = SecretId::Parse(text);
    if (!id.ok()) return InvalidField("secret", "must be a secret's id (sec_…) or its path");
    ref.id_ = *id;
    return ref;
  }
  if (!IsPath(text)) return InvalidField("secret", "must be a secret's id (sec_…) or its path");
  ref.path_ = ref.text_;
  return ref;
}

SecretRef SecretRef::Of(SecretId id) {
  SecretRef ref;
  ref.id_ = id;
  ref.text_ = id.ToString();
  return ref;
}

absl::Status CheckSecretPath(std::string_view path) {
  if (!IsPath(path)) {
    return InvalidField("path",
                        "must be segments of letters, digits, \"-\", \"_\" and \".\", joined by "
                        "\"/\", at most 255 bytes");
  }
  if (path.starts_with(kIdPrefix)) return InvalidField("path", "must not begin like an id");
  return absl::OkStatus();
}

std::string PathsBelow(std::string_view prefix) {
  std::string below(prefix);
  if (!below.empty() && below.back() != '/') below.push_back('/');
  return below;
}

absl::StatusOr<std::string> SealPayload(const KeyLease& key, SecretId secret, uint32_t version,
                                        std::string_view payload) {
  const std::string number = std::to_string(version);
  return key.Seal(kSecretUse, {{"secret", secret.uuid().view()}, {"version", number}}, payload);
}

absl::StatusOr<crypto::SecretBytes> OpenPayload(const KeyLease& key, SecretId secret,
                                                uint32_t version, std::string_view sealed) {
  const std::string number = std::to_string(version);
  return key.OpenSealed(kSecretUse, {{"secret", secret.uuid().view()}, {"version", number}},
                        sealed);
}

VersionState StateOf(const SecretVersion& version) {
  if (version.destroyed_at) return VersionState::kDestroyed;
  if (version.destroy_at) return VersionState::kDestroyScheduled;
  return version.disabled_at ? VersionState::kDisabled : VersionState::kEnabled;
}

absl::Status CheckSettings(const Secret& secret, absl::Time now) {
  std::vector<Violation> violations;
  const auto refuse = [&violations](std::string_view field, std::string_view description) {
    violations.push_back(
        {.field = std::string(field), .description = std::string(description), .rule = "RANGE"});
  };
  if (secret.expires_at && *secret.expires_at <= now) refuse("expire_time", "must be ahead");
  if (const auto& rotation = secret.rotation) {
    if (rotation->period < kShortestRotation || rotation->period > kLongestRotation) {
      refuse("rotation.period", "must be an hour to ten years");
    }
    if (rotation->next <= now) refuse("rotation.next_time", "must be ahead");
  }
  if (secret.destroy_delay < absl::ZeroDuration() || secret.destroy_delay > kLongestDestroyDelay) {
    refuse("version_destroy_delay", "must be 0 s to 90 days");
  }
  if (violations.empty()) return absl::OkStatus();
  return InvalidFields(std::move(violations));
}

absl::Status CheckEtag(const Secret& secret, std::string_view etag) {
  if (etag.empty() || etag == EtagOf(secret)) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
               "the secret changed since it was read");
}

absl::Status CheckNotDeleted(const Secret& secret) {
  if (!secret.deleted_at) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "SECRET_DELETED",
               "the secret was deleted; undelete it first");
}

absl::Status CheckLive(const Secret& secret, absl::Time now) {
  RETURN_IF_ERROR(CheckNotDeleted(secret));
  if (secret.expires_at && *secret.expires_at <= now) {
    return Error(absl::StatusCode::kFailedPrecondition, "SECRET_EXPIRED", "the secret expired");
  }
  return absl::OkStatus();
}

absl::Status CheckReadable(const SecretVersion& version) {
  switch (StateOf(version)) {
    case VersionState::kEnabled:
      return absl::OkStatus();
    case VersionState::kDestroyed:
      return VersionDestroyed();
    case VersionState::kDisabled:
    case VersionState::kDestroyScheduled:
      return Error(absl::StatusCode::kFailedPrecondition, "VERSION_DISABLED",
                   "this version of the secret is disabled");
  }
  return VersionDestroyed();
}

absl::Status CheckGranted(GrantLevel granted, GrantLevel wanted) {
  if (granted >= wanted) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, "SECRET_RESTRICTED",
               "the secret is restricted and names others");
}

absl::Status VersionDestroyed() {
  return Error(absl::StatusCode::kFailedPrecondition, "VERSION_DESTROYED",
               "this version of the secret was destroyed");
}

}  // namespace kasbah::vault
