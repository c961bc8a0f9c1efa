#include "services/audit/rpc/proto_conversion.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/text_fields.h"
#include "services/audit/domain/event_body.h"

namespace kasbah::audit {
namespace {

constexpr int kPageSize = 100;
constexpr int kLargestPage = 1000;

std::string_view PrefixOf(EventOrder order) {
  return order == EventOrder::kNewestFirst ? "below " : "above ";
}

}  // namespace

absl::StatusOr<v1::Event> EventOf(const EventRecord& record) {
  v1::Event event;
  event.set_sequence(record.sequence);
  *event.mutable_recorded_at() = ToTimestamp(record.recorded_at);
  ASSIGN_OR_RETURN(*event.mutable_event(), ParseBody(record.body));
  if (record.personal[0]) event.mutable_event()->set_source_address(record.personal[0]->value);
  if (record.personal[1]) event.mutable_event()->set_user_agent(record.personal[1]->value);
  if (record.personal[2]) {
    event.mutable_event()->mutable_actor()->set_display(record.personal[2]->value);
  }
  return event;
}

absl::StatusOr<merkle::ExportedEvent> ExportedOf(EventRecord record, merkle::NodeSource& nodes,
                                                 uint64_t size) {
  if (!record.leaf) {
    return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
                 StrCat("the log is damaged: the leaf of event ", record.sequence, " is missing"));
  }
  merkle::ExportedEvent event;
  event.sequence = record.sequence;
  event.body = std::move(record.body);
  event.leaf = *std::move(record.leaf);
  event.personal = std::move(record.personal);
  ASSIGN_OR_RETURN(event.proof, merkle::BuildInclusion(event.sequence, size, nodes));
  return event;
}

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
