#pragma once

#include <string>
#include <string_view>

namespace kasbah::cli {

// What people see beside results. Colour and progress are for terminals alone: a pipe or a file
// gets plain text, and NO_COLOR (no-color.org) is honoured.
class Terminal {
 public:
  enum class Style { kPlain, kGood, kBad, kDim, kStrong };

  Terminal();

  bool stdout_is_terminal() const { return stdout_terminal_; }
  bool stderr_is_terminal() const { return stderr_terminal_; }

  // For standard output.
  std::string Styled(Style style, std::string_view text) const;

  // A line on standard error that the next one replaces; nothing when that is no terminal.
  void Progress(std::string_view line);
  // Takes the progress line away.
  void ClearProgress();

  // "error: …" on standard error.
  void Error(std::string_view text);
  // A line on standard error.
  void Note(std::string_view text);

 private:
  bool stdout_terminal_;
  bool stderr_terminal_;
  bool colour_;
  bool progress_shown_ = false;
};

}  // namespace kasbah::cli
