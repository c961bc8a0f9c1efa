#include "tests/tidy/source_tree.h"

#include <re2/re2.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace kasbah::tidy {

std::vector<SourceFile> ReadSourceTree() {
  namespace fs = std::filesystem;
  const fs::path root = KASBAH_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const char* top : {"libs", "services", "cli", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
      SourceFile file{fs::relative(entry.path(), root).generic_string(), {}};
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) file.lines.push_back(line);
      files.push_back(std::move(file));
    }
  }
  return files;
}

std::string ModuleOf(const std::string& path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/');
  if (parts[0] == "libs") return absl::StrCat("libs/", parts[1]);
  if (parts[0] == "services") {
    const bool layer = parts.size() > 3;
    return absl::StrCat("services/", parts[1], layer ? "/" + parts[2] : "");
  }
  return parts[0];
}

std::vector<Include> OwnIncludes(const SourceFile& file) {
  static const RE2 pattern(R"re(^#include "((?:libs|services|cli|tests)/[^"]+)")re");
  std::vector<Include> includes;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    std::string target;
    if (RE2::PartialMatch(file.lines[i], pattern, &target)) {
      includes.push_back({target, static_cast<int>(i) + 1});
    }
  }
  return includes;
}

}  // namespace kasbah::tidy
