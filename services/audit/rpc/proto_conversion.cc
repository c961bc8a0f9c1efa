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

std::string_view PrefixOf(EventOrder order) {
  return order == EventOrder::kNewestFirst ? "below " : "above ";
}

}  // namespace

std::string PageTokenOf(EventOrder order, uint64_t last_sequence) {
  return crypto::Base64Url(StrCat(PrefixOf(order), last_sequence));
}

absl::StatusOr<SequenceRange> ParsePageToken(EventOrder order, const std::string& token) {
  if (token.empty()) return SequenceRange();
  const std::string_view prefix = PrefixOf(order);
  const absl::StatusOr<std::string> text = crypto::ParseBase64Url(token);
  if (text.ok() && text->starts_with(prefix)) {
    const auto last = merkle::ParseDecimal(std::string_view(*text).substr(prefix.size()));
    if (last && *last < INT64_MAX) {
      return order == EventOrder::kNewestFirst
                 ? SequenceRange{.first = 0, .past = *last}
                 : SequenceRange{.first = *last + 1, .past = INT64_MAX};
    }
  }
  return InvalidField("page_token", "must be the next_page_token of an earlier page");
}

absl::StatusOr<int> PageSizeOf(int32_t asked) {
  if (asked < 0) return InvalidField("page_size", "must not be negative");
  return asked == 0 ? kPageSize : std::min(asked, kLargestPage);
}

}  // namespace kasbah::audit
