#include "services/audit/log/event_forms.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "services/audit/domain/event_body.h"

namespace kasbah::audit {
namespace {

absl::Status LeafMissing(uint64_t sequence) {
  return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
               StrCat("the log is damaged: the leaf of event ", sequence, " is missing"));
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

absl::StatusOr<SentEvent> SentEventOf(TenantId tenant, const EventRecord& record) {
  if (!record.leaf) return LeafMissing(record.sequence);
  SentEvent event;
  event.tenant = tenant;
  ASSIGN_OR_RETURN(event.event, EventOf(record));
  event.leaf = merkle::LeafHash(*record.leaf);
  return event;
}

absl::StatusOr<merkle::ExportedEvent> ExportedOf(EventRecord record, merkle::NodeSource& nodes,
                                                 uint64_t size) {
  if (!record.leaf) return LeafMissing(record.sequence);
  merkle::ExportedEvent event;
  event.sequence = record.sequence;
  event.body = std::move(record.body);
  event.leaf = *std::move(record.leaf);
  event.personal = std::move(record.personal);
  ASSIGN_OR_RETURN(event.proof, merkle::BuildInclusion(event.sequence, size, nodes));
  return event;
}

}  // namespace kasbah::audit
