#pragma once

#include <string>

#include "services/audit/formats/sent_event.h"

namespace kasbah::audit {

// ArcSight Common Event Format, CEF:0, one line without its end. Values are cut ("…") at lengths
// that keep the whole under 6 KiB, since syslog receivers may take no more than 8.
std::string Cef(const SentEvent& event);

}  // namespace kasbah::audit
