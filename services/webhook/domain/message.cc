#include "services/webhook/domain/message.h"

#include <google/protobuf/util/json_util.h>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "services/webhook/domain/event_filter.h"
#include <nlohmann/json.hpp>

namespace kasbah::webhook {
namespace {

absl::Status Refuse(std::string_view reason) {
  return Error(absl::StatusCode::kInvalidArgument, reason, "a change event was not understood");
}

std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

// Put together by hand, so that the data stays as Protobuf's canonical JSON wrote it.
std::string Body(const outbox::v1::ChangeEvent& event, absl::Time time, const std::string& data) {
  std::string body = StrCat("{\"type\":", Quoted(event.type()), ",\"timestamp\":\"",
                            absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()),
                            "\",\"data\":", data, ",\"event_id\":", Quoted(event.event_id()));
  if (!event.resource_id().empty()) {
    StrAppend(&body, ",\"resource_id\":", Quoted(event.resource_id()));
  }
  StrAppend(&body, ",\"sequence\":", event.sequence());
  if (!event.customer_id().empty()) {
    StrAppend(&body, ",\"customer_id\":", Quoted(event.customer_id()));
  }
  body += "}";
  return body;
}

}  // namespace

absl::StatusOr<Message> ParseMessage(TenantId tenant, MessageId id, const std::string& payload) {
  outbox::v1::ChangeEvent event;
  if (!event.ParseFromString(payload)) return Refuse("EVENT_MALFORMED");
  Message message;
  message.tenant = tenant;
  message.id = id;
  const absl::StatusOr<EventId> event_id = EventId::Parse(event.event_id());
  if (!event_id.ok()) return Refuse("EVENT_ID_INVALID");
  message.event = *event_id;
  if (!IsEventType(event.type())) return Refuse("EVENT_TYPE_INVALID");
  message.type = event.type();
  if (!event.customer_id().empty()) {
    const absl::StatusOr<CustomerId> customer = CustomerId::Parse(event.customer_id());
    if (!customer.ok()) return Refuse("EVENT_CUSTOMER_INVALID");
    message.customer = *customer;
  }
  const absl::StatusOr<absl::Time> time = FromTimestamp(event.occurred_at(), "occurred_at");
  // Nothing happened before 1970.
  if (!time.ok() || *time < absl::UnixEpoch()) return Refuse("EVENT_TIME_INVALID");

  std::string data;
  if (!google::protobuf::util::MessageToJsonString(event.data(), &data).ok()) {
    return Refuse("EVENT_MALFORMED");
  }
  message.body = Body(event, *time, data);
  if (message.body.size() > kMaxBodyBytes) return Refuse("EVENT_TOO_LARGE");
  message.traceparent = event.traceparent();
  message.request_id = event.request_id();
  return message;
}

}  // namespace kasbah::webhook
