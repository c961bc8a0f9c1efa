#include "services/vault/domain/secret.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/ids.h"

namespace kasbah::vault {
namespace {

constexpr size_t kLongestPath = 255;
constexpr std::string_view kIdPrefix = "sec_";
constexpr std::string_view kSecretUse = "secret";

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

absl::Status VersionDestroyed() {
  return Error(absl::StatusCode::kFailedPrecondition, "VERSION_DESTROYED",
               "this version of the secret was destroyed");
}

}  // namespace kasbah::vault
