#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/audit/formats/sent_event.h"

namespace kasbah::audit {

// What a message says of its sender.
struct SyslogOrigin {
  // HOSTNAME: this machine's name, printable ASCII without spaces.
  std::string hostname = "-";
  // The IANA private enterprise number under which the structured data stands; 32473 is the one
  // that RFC 5612 keeps for documentation.
  uint32_t enterprise = 32473;
};

// RFC 5424, one message without framing, at most 8,192 octets: what receivers of RFC 5425 should
// take. PRI says log audit (13), informational for what succeeded and warning for the rest.
//
// The event as structured data, with a sentence for people as MSG.
std::string SyslogMessage(const SyslogOrigin& origin, const SentEvent& event);
// `text`, UTF-8 of one line, as MSG and no structured data: for CEF.
std::string SyslogMessage(const SyslogOrigin& origin, const SentEvent& event,
                          std::string_view text);

}  // namespace kasbah::audit
