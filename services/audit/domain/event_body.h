#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kasbah/outbox/v1/outbox.pb.h"

namespace kasbah::audit {

// The body of an event: the bytes that the log hashes, stores and shows for ever. JSON without
// spaces; members in the order of the proto, empty ones left out; attributes in byte order of their
// names. Personal values (source_address, user_agent, actor.display) are not in it. It is also the
// proto's JSON form, so any Protobuf implementation reads it.
std::string CanonicalBody(const outbox::v1::AuditEvent& event);

// The event again. INTERNAL when the stored bytes are no body.
absl::StatusOr<outbox::v1::AuditEvent> ParseBody(std::string_view body);

}  // namespace kasbah::audit
