#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace kasbah::telemetry {

// One field of a log line. Values are ids, names, counts and codes; never a secret, a token, a
// field's value or SQL.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, int v) : key(k), value(static_cast<int64_t>(v)) {}
  LogField(std::string_view k, int64_t v) : key(k), value(v) {}
  LogField(std::string_view k, uint64_t v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
};

// JSON lines on stderr: {"time","level","service","message",…fields}. `message` is a fixed text.
// Thread safe. Asynchronous with a bounded queue; a full queue drops and counts.
void SetUpLogs(std::string_view service, std::string_view level);
// Whether LogDebug writes, for lines whose fields cost something to make.
bool LogsDebug();
void LogDebug(std::string_view message, std::initializer_list<LogField> fields = {});
void LogInfo(std::string_view message, std::initializer_list<LogField> fields = {});
void LogWarning(std::string_view message, std::initializer_list<LogField> fields = {});
void LogError(std::string_view message, std::initializer_list<LogField> fields = {});
// Everything written out: before the process ends.
void FlushLogs();

}  // namespace kasbah::telemetry
