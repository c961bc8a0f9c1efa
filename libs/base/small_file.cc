#include "libs/base/small_file.h"

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace kasbah {

absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t most) {
  std::ifstream file(path, std::ios::binary);
  std::string text(most + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) return absl::InvalidArgumentError("cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > most) {
    return absl::InvalidArgumentError(absl::StrCat("is larger than ", most / 1024, " KiB"));
  }
  absl::StripAsciiWhitespace(&text);
  return text;
}

}  // namespace kasbah
