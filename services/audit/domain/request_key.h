#pragma once

#include <cstdint>
#include <string_view>

namespace kasbah::audit {

// 64 bits that stand for a request's id in an index. Of a UUID its first ones: those of version 7
// begin with their time, so what arrives together lies together in the index. Of anything else a
// hash. Different ids may share a key: whoever reads compares the ids (BodyHasRequest).
int64_t RequestKeyOf(std::string_view request_id);

// Whether an event's body, as CanonicalBody wrote it, is of the request.
bool BodyHasRequest(std::string_view body, std::string_view request_id);

}  // namespace kasbah::audit
