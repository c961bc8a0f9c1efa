#include "libs/outbox/audit_event.h"

#include "libs/base/timestamp.h"

namespace kasbah::outbox {
namespace {

v1::AuditEvent Event(const CallContext& call, const Clock& clock, std::string_view action,
                     Target target) {
  const absl::Time now = clock.Now();
  v1::AuditEvent event;
  event.set_event_id(EventId::New(now).ToString());
  *event.mutable_occurred_at() = ToTimestamp(now);
  // "service/vault" acted for itself or was called; the producer is whoever writes this event,
  // which the receiver takes from the relay's certificate, not from here.
  event.set_action(std::string(action));
  event.mutable_actor()->set_kind(call.actor.kind);
  event.mutable_actor()->set_id(call.actor.id);
  event.mutable_actor()->set_display(call.actor.display);
  event.mutable_target()->set_kind(std::move(target.kind));
  event.mutable_target()->set_id(std::move(target.id));
  event.mutable_target()->set_name(std::move(target.name));
  event.set_request_id(call.request_id);
  event.set_traceparent(call.traceparent);
  event.set_workload(call.workload);
  event.set_source_address(call.source_address);
  event.set_user_agent(call.user_agent);
  return event;
}

}  // namespace

v1::AuditEvent Succeeded(const CallContext& call, const Clock& clock, std::string_view action,
                         Target target,
                         std::vector<std::pair<std::string, std::string>> attributes) {
  v1::AuditEvent event = Event(call, clock, action, std::move(target));
  event.set_outcome(v1::OUTCOME_SUCCESS);
  for (auto& [key, value] : attributes) (*event.mutable_attributes())[key] = std::move(value);
  return event;
}

v1::AuditEvent Failed(const CallContext& call, const Clock& clock, std::string_view action,
                      Target target, v1::Outcome outcome, std::string_view reason) {
  v1::AuditEvent event = Event(call, clock, action, std::move(target));
  event.set_outcome(outcome);
  event.set_reason(std::string(reason));
  return event;
}

v1::ChangeEvent Change(const CallContext& call, const Clock& clock, std::string_view type,
                       std::string_view resource_id, uint64_t sequence) {
  const absl::Time now = clock.Now();
  v1::ChangeEvent event;
  event.set_event_id(EventId::New(now).ToString());
  *event.mutable_occurred_at() = ToTimestamp(now);
  event.set_type(std::string(type));
  event.set_resource_id(std::string(resource_id));
  event.set_sequence(sequence);
  event.set_request_id(call.request_id);
  event.set_traceparent(call.traceparent);
  if (call.customer) event.set_customer_id(call.customer->ToString());
  return event;
}

}  // namespace kasbah::outbox
