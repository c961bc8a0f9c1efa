#pragma once

#include <string>

#include "kasbah/audit/v1/audit.pb.h"

namespace kasbah::cli {

// By whom: a name where the event has one, else kind and id.
std::string ActorOf(const outbox::v1::AuditEvent& event);

// "denied ACTOR_NOT_ALLOWED".
std::string OutcomeOf(const outbox::v1::AuditEvent& event);

// An event as one line, without its end; nothing stands behind the last word.
std::string LineOf(const audit::v1::Event& event);

// What became of events that were sent: how many are new, and what was not kept of each.
std::string DescribeAppended(const audit::v1::AppendEventsResponse& reply);

}  // namespace kasbah::cli
