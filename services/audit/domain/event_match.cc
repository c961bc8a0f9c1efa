#include "services/audit/domain/event_match.h"

namespace kasbah::audit {

bool Matches(const EventFilter& filter, const outbox::v1::AuditEvent& event) {
  if (filter.actor_id && event.actor().id() != *filter.actor_id) return false;
  if (filter.target_id && event.target().id() != *filter.target_id) return false;
  if (filter.outcome && event.outcome() != *filter.outcome) return false;
  if (!filter.action) return true;
  return filter.has_action_prefix() ? event.action().starts_with(*filter.action)
                                    : event.action() == *filter.action;
}

}  // namespace kasbah::audit
