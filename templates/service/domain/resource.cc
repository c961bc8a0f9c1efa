#include "services/@schema@/domain/@resource@.h"

#include "absl/strings/ascii.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::@package@ {

absl::StatusOr<std::string> ParseTitle(std::string_view text) {
  std::string title(text);
  absl::StripAsciiWhitespace(&title);
  if (title.empty()) return InvalidField("title", "must say something");
  return title;
}

}  // namespace kasbah::@package@
