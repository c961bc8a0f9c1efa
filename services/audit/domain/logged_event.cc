#include "services/audit/domain/logged_event.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/payload/payload.h"
#include "services/audit/domain/event_body.h"
#include "services/audit/domain/request_key.h"

namespace kasbah::audit {
namespace {

using outbox::v1::AuditEvent;

absl::Status Unfit(std::string_view why) { return absl::InvalidArgumentError(ToAbsl(why)); }

// PostgreSQL's text cannot hold a zero byte, and one bad entry must not fail a flush.
bool HasZero(std::string_view text) { return text.find('\0') != std::string_view::npos; }

absl::Status CheckKeys(const AuditEvent& event) {
  for (const std::string* key : {&event.action(), &event.actor().id(), &event.target().id()}) {
    if (key->size() > kLongestKey) return Unfit("action, actor or target id is too long");
    if (HasZero(*key)) return Unfit("action, actor or target id holds a zero byte");
  }
  if (event.action().empty() || event.actor().kind().empty() || event.actor().id().empty()) {
    return Unfit("action or actor is missing");
  }
  if (event.outcome() == outbox::v1::OUTCOME_UNSPECIFIED ||
      !outbox::v1::Outcome_IsValid(event.outcome())) {
    return Unfit("the outcome is missing or unknown");
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Time> CheckTime(const AuditEvent& event) {
  const absl::StatusOr<absl::Time> time = FromTimestamp(event.occurred_at(), "occurred_at");
  if (!event.has_occurred_at() || !time.ok()) return Unfit("occurred_at is missing or no time");
  return absl::FromUnixMicros(absl::ToUnixMicros(*time));
}

absl::Status CommitToPersonal(const AuditEvent& event, std::string_view salts,
                              LoggedEvent* logged) {
  const std::array<const std::string*, merkle::kPersonalFields.size()> values = {
      &event.source_address(), &event.user_agent(), &event.actor().display()};
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i]->empty()) continue;
    if (HasZero(*values[i])) return Unfit("a personal value holds a zero byte");
    const std::string_view salt = salts.substr(i * merkle::kSaltSize, merkle::kSaltSize);
    logged->leaf.personal[i] = merkle::CommitPersonal(merkle::kPersonalFields[i], salt, *values[i]);
    logged->personal[i] = merkle::DisclosedValue{std::string(salt), *values[i]};
  }
  return absl::OkStatus();
}

// What was dropped is said in the event: whoever sent it finds out.
void DropSecrets(AuditEvent* event) {
  const payload::Report report = payload::StripAttributes(event->mutable_attributes());
  if (report.count == 0) return;
  (*event->mutable_attributes())["stripped"] = absl::StrJoin(report.paths, " ");
}

}  // namespace

absl::StatusOr<LoggedEvent> PrepareEvent(TenantId tenant, std::string_view service,
                                         std::string_view payload, std::string_view salts) {
  AuditEvent event;
  if (!event.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Unfit("the payload is no audit event");
  }
  const absl::StatusOr<EventId> id = EventId::Parse(event.event_id());
  if (!id.ok()) return Unfit("the event id is not one");
  RETURN_IF_ERROR(CheckKeys(event));

  LoggedEvent logged;
  ASSIGN_OR_RETURN(logged.leaf.occurred_at, CheckTime(event));
  RETURN_IF_ERROR(CommitToPersonal(event, salts, &logged));
  event.set_service(std::string(service));
  DropSecrets(&event);
  // Ids have one spelling in the log: the leaf's and the body's are compared.
  event.set_event_id(id->ToString());

  logged.tenant = tenant;
  logged.leaf.tenant = tenant;
  logged.leaf.event_id = *id;
  logged.body = CanonicalBody(event);
  logged.leaf.body = merkle::Sha256Of(logged.body);
  logged.outcome = event.outcome();
  if (!event.request_id().empty()) logged.request_key = RequestKeyOf(event.request_id());
  logged.action = std::move(*event.mutable_action());
  logged.actor_id = std::move(*event.mutable_actor()->mutable_id());
  logged.target_id = std::move(*event.mutable_target()->mutable_id());
  return logged;
}

}  // namespace kasbah::audit
