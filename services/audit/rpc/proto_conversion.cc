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
