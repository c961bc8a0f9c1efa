#include "services/tenant_data/domain/page.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::tenantdata {
namespace {

constexpr int64_t kDefaultPage = 100;
constexpr int64_t kLargestPage = 1000;
constexpr size_t kDigestBytes = 8;

std::string DigestOf(std::string_view listed) {
  return crypto::Sha256(listed).substr(0, kDigestBytes);
}

std::string Encode(std::string_view cursor, std::string_view listed) {
  return crypto::Base64Url(std::string(cursor) + DigestOf(listed));
}

absl::StatusOr<std::string> Decode(std::string_view token, std::string_view listed,
                                   size_t cursor_bytes) {
  const absl::StatusOr<std::string> bytes = crypto::ParseBase64Url(token);
  if (!bytes.ok() || bytes->size() != cursor_bytes + kDigestBytes ||
      bytes->substr(cursor_bytes) != DigestOf(listed)) {
    return InvalidField("page_token", "is not a token of this list");
  }
  return bytes->substr(0, cursor_bytes);
}

}  // namespace

absl::StatusOr<int64_t> PageSize(int32_t asked) {
  if (asked < 0) return InvalidField("page_size", "must not be negative");
  if (asked == 0) return kDefaultPage;
  return std::min<int64_t>(asked, kLargestPage);
}

std::string FormatPageToken(const Uuid& last, std::string_view listed) {
  return Encode(last.view(), listed);
}

absl::StatusOr<std::optional<Uuid>> ParsePageToken(std::string_view token,
                                                   std::string_view listed) {
  if (token.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string cursor, Decode(token, listed, 16));
  ASSIGN_OR_RETURN(const Uuid last, Uuid::FromBytes(cursor));
  return std::make_optional(last);
}

}  // namespace kasbah::tenantdata
