#pragma once

#include <string>

#include "kasbah/audit/v1/formats.pb.h"
#include "services/audit/formats/sent_event.h"
#include "services/audit/formats/syslog.h"

namespace kasbah::audit {

// The first line of a file of a format; empty where it has none. `format` is one of those without
// proofs.
std::string HeaderOf(v1::ExportFormat format);
// One event as a line of a file, its end included.
std::string LineOf(v1::ExportFormat format, const SyslogOrigin& origin, const SentEvent& event);

}  // namespace kasbah::audit
