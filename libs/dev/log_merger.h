#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::dev {

// Writes what several processes say into one file, a line at a time, each with the name of who said
// it; lines of level error also go to `on_error`. A file that cannot be written any more (a full
// disk) does not stop the processes: lines are dropped and counted, and `on_error` hears it once.
// Not thread safe.
class LogMerger {
 public:
  using Alarm = std::function<void(std::string_view source, std::string_view line)>;
  static absl::StatusOr<std::unique_ptr<LogMerger>> Open(const std::string& path, Alarm on_error);
  ~LogMerger();

  // Bytes as they come; lines are put together by source.
  void Add(const std::string& source, std::string_view bytes);
  // A line of our own, in the form of everybody's: level info, source "supervisor".
  void Note(std::string_view message);
  // The source ended: what it left without a newline is its last line.
  void Finish(const std::string& source);

 private:
  LogMerger(int file, Alarm on_error) : file_(file), on_error_(std::move(on_error)) {}
  void WriteLine(const std::string& source, std::string_view line);

  int file_;
  Alarm on_error_;
  std::map<std::string, std::string> unfinished_;
  bool failing_ = false;
};

// What to show of a JSON line on a terminal, when it is of level error or worse, or no JSON at all
// (a sanitizer, a crash): "message (error=…)". Empty for everything else.
std::string ErrorInLine(std::string_view line);

}  // namespace kasbah::dev
