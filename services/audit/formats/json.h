#pragma once

#include <string>

#include "services/audit/formats/sent_event.h"

namespace kasbah::audit {

// The event as one JSON object without a newline, in ASCII: whatever was logged is in it, as \uxxxx
// where it must be, so that no reader takes a line separator for the end of the line. Bytes that
// are no UTF-8 become U+FFFD.
std::string PlainJson(const SentEvent& event);

// OCSF, one JSON object without a newline. Sign-ins are Authentication (3002), everything else is
// API Activity (6003); what has no attribute there stands in "unmapped".
std::string Ocsf(const SentEvent& event);
inline constexpr char kOcsfVersion[] = "1.6.0";

}  // namespace kasbah::audit
