#include "cli/console/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

std::string_view CodeOf(Terminal::Style style) {
  switch (style) {
    case Terminal::Style::kPlain:
      return "";
    case Terminal::Style::kGood:
      return "\033[32m";
    case Terminal::Style::kBad:
      return "\033[31m";
    case Terminal::Style::kDim:
      return "\033[2m";
    case Terminal::Style::kStrong:
      return "\033[1m";
  }
  return "";
}

}  // namespace

Terminal::Terminal()
    : stdout_terminal_(isatty(STDOUT_FILENO) == 1), stderr_terminal_(isatty(STDERR_FILENO) == 1) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  colour_ = (no_colour == nullptr || *no_colour == '\0') &&
            (terminal == nullptr || std::string_view(terminal) != "dumb");
}

std::string Terminal::Styled(Style style, std::string_view text) const {
  if (!stdout_terminal_ || !colour_ || style == Style::kPlain) return std::string(text);
  return StrCat(CodeOf(style), text, "\033[0m");
}

void Terminal::Progress(std::string_view line) {
  if (!stderr_terminal_) return;
  std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(line.size()), line.data());
  std::fflush(stderr);
  progress_shown_ = true;
}

void Terminal::ClearProgress() {
  if (!progress_shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  progress_shown_ = false;
}

void Terminal::Error(std::string_view text) {
  ClearProgress();
  const bool colour = stderr_terminal_ && colour_;
  std::fprintf(stderr, "%serror:%s %.*s\n", colour ? "\033[31m" : "", colour ? "\033[0m" : "",
               static_cast<int>(text.size()), text.data());
}

void Terminal::Note(std::string_view text) {
  ClearProgress();
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace kasbah::cli
