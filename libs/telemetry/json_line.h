#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "libs/telemetry/log.h"

namespace kasbah::telemetry {

// `text` as a JSON string, quotes included: control characters escaped, bytes that are not UTF-8
// replaced by U+FFFD, so that no value can end a line or a string early.
void AppendJsonString(std::string_view text, std::string* out);

// One log line without its newline. `time` to milliseconds, UTC, RFC 3339.
std::string FormatLogLine(absl::Time time, std::string_view level, std::string_view service,
                          std::string_view message, std::initializer_list<LogField> fields);

}  // namespace kasbah::telemetry
