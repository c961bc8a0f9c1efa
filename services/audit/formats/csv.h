#pragma once

#include <string>

#include "services/audit/formats/sent_event.h"

namespace kasbah::audit {

// RFC 4180, every cell in quotes, lines ended by CR LF. An event is one line whatever it holds:
// tab, CR and LF are written \t, \r and \n, a backslash \\. A cell that a spreadsheet would take
// for a formula (= + - @, in either width, spaces before them or not), or that begins with ',
// begins with a ' more, which a reader takes off again.
std::string CsvHeader();
std::string CsvLine(const SentEvent& event);

}  // namespace kasbah::audit
