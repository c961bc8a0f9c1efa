#include "services/audit/formats/format.h"

#include "libs/base/error.h"
#include "services/audit/formats/cef.h"
#include "services/audit/formats/csv.h"
#include "services/audit/formats/json.h"

namespace kasbah::audit {

std::string HeaderOf(v1::ExportFormat format) {
  return format == v1::EXPORT_FORMAT_CSV ? CsvHeader() : std::string();
}

std::string LineOf(v1::ExportFormat format, const SyslogOrigin& origin, const SentEvent& event) {
  switch (format) {
    case v1::EXPORT_FORMAT_JSON_LINES:
      return PlainJson(event) + "\n";
    case v1::EXPORT_FORMAT_CSV:
      return CsvLine(event);
    case v1::EXPORT_FORMAT_CEF:
      return Cef(event) + "\n";
    case v1::EXPORT_FORMAT_OCSF:
      return Ocsf(event) + "\n";
    case v1::EXPORT_FORMAT_SYSLOG:
      return SyslogMessage(origin, event) + "\n";
    default:
      break;
  }
  Crash("a format without lines", __FILE__, __LINE__);
}

}  // namespace kasbah::audit
