#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/base/call_context.h"
#include "libs/base/clock.h"

namespace kasbah::outbox {

struct Target {
  std::string kind;
  std::string id;
  std::string name;
};

// The event of something that `call` did: actor, workload, request id and trace come from the call,
// so no handler can forget or invent them. Attributes are facts such as ids and counts, never a
// secret or a field's value.
v1::AuditEvent Succeeded(const CallContext& call, const Clock& clock, std::string_view action,
                         Target target,
                         std::vector<std::pair<std::string, std::string>> attributes = {});

// The same for something refused or failed.
v1::AuditEvent Failed(const CallContext& call, const Clock& clock, std::string_view action,
                      Target target, v1::Outcome outcome, std::string_view reason);

// A change for subscribers: event id, time, request id and trace filled in.
v1::ChangeEvent Change(const CallContext& call, const Clock& clock, std::string_view type,
                       std::string_view resource_id, uint64_t sequence);

}  // namespace kasbah::outbox
