#include "services/webhook/rpc/conversion.h"

#include "libs/base/error.h"
#include "libs/base/timestamp.h"

namespace kasbah::webhook {
namespace {

v1::Delivery::State ToState(std::string_view state) {
  if (state == "pending") return v1::Delivery::STATE_PENDING;
  if (state == "delivered") return v1::Delivery::STATE_DELIVERED;
  if (state == "failed") return v1::Delivery::STATE_FAILED;
  KASBAH_CHECK(state == "dropped");
  return v1::Delivery::STATE_DROPPED;
}

}  // namespace

v1::Endpoint ToProto(const Endpoint& endpoint) {
  v1::Endpoint proto;
  proto.set_endpoint_id(endpoint.id.ToString());
  proto.set_url(endpoint.url);
  proto.set_description(endpoint.description);
  for (const std::string& filter : endpoint.event_types) proto.add_event_types(filter);
  *proto.mutable_create_time() = ToTimestamp(endpoint.create_time);
  proto.set_disabled(endpoint.disabled);
  return proto;
}

v1::Delivery ToProto(const Delivery& delivery) {
  v1::Delivery proto;
  proto.set_message_id(delivery.message.ToString());
  proto.set_endpoint_id(delivery.endpoint.ToString());
  proto.set_event_type(delivery.event_type);
  proto.set_event_id(delivery.event.ToString());
  proto.set_state(ToState(delivery.state));
  proto.set_attempts(static_cast<uint32_t>(delivery.attempts));
  *proto.mutable_create_time() = ToTimestamp(delivery.create_time);
  if (delivery.next_attempt) {
    *proto.mutable_next_attempt_time() = ToTimestamp(*delivery.next_attempt);
  }
  return proto;
}

v1::Attempt ToProto(const Attempt& attempt) {
  v1::Attempt proto;
  proto.set_attempt_id(attempt.id.ToString());
  proto.set_message_id(attempt.message.ToString());
  proto.set_endpoint_id(attempt.endpoint.ToString());
  proto.set_number(static_cast<uint32_t>(attempt.number));
  *proto.mutable_time() = ToTimestamp(attempt.time);
  proto.set_http_status(static_cast<uint32_t>(attempt.http_status));
  proto.set_error(attempt.error);
  proto.set_duration_ms(attempt.duration_ms);
  return proto;
}

}  // namespace kasbah::webhook
