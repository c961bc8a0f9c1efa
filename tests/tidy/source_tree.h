#pragma once

#include <string>
#include <vector>

namespace kasbah::tidy {

struct SourceFile {
  // Relative to the root, with forward slashes: "libs/rpc/server.cc".
  std::string path;
  std::vector<std::string> lines;
};

// Every .h and .cc under libs, services, cli and tests.
std::vector<SourceFile> ReadSourceTree();

// The part of a path that the layer rules know: "libs/rpc", "services/vault/store", "cli", "tests".
std::string ModuleOf(const std::string& path);

// Files of our own that a file includes, as module names.
struct Include {
  std::string target;
  int line;
};
std::vector<Include> OwnIncludes(const SourceFile& file);

}  // namespace kasbah::tidy
