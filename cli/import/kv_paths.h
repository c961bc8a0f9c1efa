#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::cli {

// A path of the source by Kasbah's rules: every character but letters, digits, "-", "_", "." and
// "/" becomes "-", and empty segments go. INVALID_ARGUMENT when nothing is left, it is longer than
// 255 bytes, or begins like a secret's id.
absl::StatusOr<std::string> ToSecretPath(std::string_view path);

// Which sources may not have the path they would get, because another has it: of several that come
// to the same path, the one that needs no change gets it, and nobody when there is none such. From
// source to target, both ways seen.
class PathClaims {
 public:
  void Add(const std::string& source, const std::string& target, bool is_unchanged);
  // The sources that stand in the way; empty when `source` may have `target`.
  std::vector<std::string> Rivals(const std::string& source, const std::string& target) const;

 private:
  struct Claim {
    std::string source;
    bool is_unchanged;
  };
  std::map<std::string, std::vector<Claim>> claims_;
};

}  // namespace kasbah::cli
