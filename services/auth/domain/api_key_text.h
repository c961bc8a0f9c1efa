#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/base/ids.h"

namespace kasbah::auth {

// An API key as its holder has it, 101 characters:
//
//   ksb_key_ | key id, 22 | tenant id, 22 | 32 random bytes, 43 | CRC32C of all before, 6
//
// all in base62. It carries its tenant, so looking it up is scoped like every other statement, and
// a check sum, so a typo is refused without a lookup and a scanner can tell a key from noise. The
// key id stands first, so that the beginning, which is shown to recognise a key by, differs between
// keys and holds nothing secret.
struct ApiKeyText {
  ApiKeyId id;
  TenantId tenant;
  // The whole text. A secret.
  std::string text;

  // A new key with 256 bits from the operating system.
  static ApiKeyText Make(TenantId tenant, ApiKeyId id);

  // nullopt for anything that Make cannot have made. Says nothing about whether the key exists.
  static std::optional<ApiKeyText> Parse(std::string_view text);

  // SHA-256 of the whole text, what is stored. A plain hash is right here: the secret is 256 random
  // bits, which no one can search through, unlike a password; and it is computed for every call.
  std::string Hash() const;

  // The first 20 characters.
  std::string DisplayPrefix() const;
};

}  // namespace kasbah::auth
