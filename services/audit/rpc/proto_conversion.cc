#include "services/audit/rpc/proto_conversion.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/text_fields.h"

namespace kasbah::audit {
namespace {

constexpr int kPageSize = 100;
constexpr int kLargestPage = 1000;

}  // namespace

std::string PageTokenOf(uint64_t last_sequence) {
  return crypto::Base64Url(StrCat("below ", last_sequence));
}

absl::StatusOr<uint64_t> ParsePageToken(const std::string& token) {
  if (token.empty()) return static_cast<uint64_t>(INT64_MAX);
  constexpr std::string_view kPrefix = "below ";
  const absl::StatusOr<std::string> text = crypto::ParseBase64Url(token);
  if (text.ok() && text->starts_with(kPrefix)) {
    const auto below = merkle::ParseDecimal(std::string_view(*text).substr(kPrefix.size()));
    if (below && *below <= INT64_MAX) return *below;
  }
  return InvalidField("page_token", "must be the next_page_token of an earlier page");
}

absl::StatusOr<int> PageSizeOf(int32_t asked) {
  if (asked < 0) return InvalidField("page_size", "must not be negative");
  return asked == 0 ? kPageSize : std::min(asked, kLargestPage);
}

}  // namespace kasbah::audit
