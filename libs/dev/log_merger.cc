#include "libs/dev/log_merger.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"
#include <nlohmann/json.hpp>

namespace kasbah::dev {
namespace {

// A process that never ends a line must not fill our memory.
constexpr size_t kLongestLine = 64 * 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<LogMerger>> LogMerger::Open(const std::string& path,
                                                           Alarm on_error) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return FileError("write", path, errno);
  return std::unique_ptr<LogMerger>(new LogMerger(file, std::move(on_error)));
}

LogMerger::~LogMerger() { close(file_); }

void LogMerger::Add(const std::string& source, std::string_view bytes) {
  std::string& line = unfinished_[source];
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    line.append(bytes.substr(0, end));
    if (end == std::string_view::npos && line.size() < kLongestLine) return;
    WriteLine(source, line);
    line.clear();
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
  }
}

void LogMerger::Note(std::string_view message) {
  const nlohmann::json line = {
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone())},
      {"level", "info"},
      {"service", "supervisor"},
      {"message", message}};
  WriteLine("supervisor", line.dump());
}

void LogMerger::Finish(const std::string& source) {
  const auto left = unfinished_.find(source);
  if (left == unfinished_.end()) return;
  if (!left->second.empty()) WriteLine(source, left->second);
  unfinished_.erase(left);
}

void LogMerger::WriteLine(const std::string& source, std::string_view line) {
  const std::string text = StrCat(source, " ", line, "\n");
  // One write, so that lines stay whole even when two supervisors follow each other.
  const ssize_t written = write(file_, text.data(), text.size());
  const bool failed = written != static_cast<ssize_t>(text.size());
  if (failed && !failing_) {
    on_error_("supervisor", StrCat("the log cannot be written (", std::strerror(errno),
                                   "); lines are dropped until it can"));
  }
  failing_ = failed;
  if (const std::string error = ErrorInLine(line); !error.empty()) on_error_(source, error);
}

std::string ErrorInLine(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return "";
  const nlohmann::json entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!entry.is_object()) return std::string(line);
  const std::string level = entry.value("level", "");
  if (level != "error" && level != "critical" && level != "fatal") return "";
  std::string text = entry.value("message", "");
  for (const auto& [key, value] : entry.items()) {
    if (key == "time" || key == "level" || key == "service" || key == "message") continue;
    StrAppend(&text, "  ", key, "=", value.is_string() ? value.get<std::string>() : value.dump());
  }
  return text;
}

}  // namespace kasbah::dev
