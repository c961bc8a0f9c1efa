#pragma once

#include "kasbah/outbox/v1/outbox.pb.h"
#include "services/audit/domain/event_filter.h"

namespace kasbah::audit {

// Whether a filter without times lets an event through: what a search with it would find. For those
// who read the whole log anyway and pick from it.
bool Matches(const EventFilter& filter, const outbox::v1::AuditEvent& event);

}  // namespace kasbah::audit
