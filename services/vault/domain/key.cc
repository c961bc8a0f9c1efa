#include "services/vault/domain/key.h"

#include <algorithm>

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

}  // namespace

std::string_view ToText(KeyPurpose purpose) {
  switch (purpose) {
    case KeyPurpose::kEncrypt:
      return "encrypt";
    case KeyPurpose::kMac:
      return "mac";
    case KeyPurpose::kSign:
      return "sign";
  }
  Crash("a key purpose without a name", __FILE__, __LINE__);
}

absl::StatusOr<KeyPurpose> ParseKeyPurpose(std::string_view text) {
  for (KeyPurpose purpose : {KeyPurpose::kEncrypt, KeyPurpose::kMac, KeyPurpose::kSign}) {
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

}  // namespace kasbah::vault
