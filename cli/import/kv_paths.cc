#include "cli/import/kv_paths.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace kasbah::cli {
namespace {

constexpr size_t kLongestPath = 255;

}  // namespace

absl::StatusOr<std::string> ToSecretPath(std::string_view path) {
  std::string result;
  for (const char c : path) {
    const bool is_allowed =
        absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
    if (c != '/') {
      result += is_allowed ? c : '-';
    } else if (!result.empty() && result.back() != '/') {
      result += c;
    }
  }
  if (!result.empty() && result.back() == '/') result.pop_back();
  if (result.empty()) return absl::InvalidArgumentError("its path would be empty");
  if (result.size() > kLongestPath) {
    return absl::InvalidArgumentError("its path would be longer than 255 bytes");
  }
  if (absl::StartsWith(result, "sec_")) {
    return absl::InvalidArgumentError("its path would look like a secret's id; use --to");
  }
  return result;
}

void PathClaims::Add(const std::string& source, const std::string& target, bool is_unchanged) {
  claims_[target].push_back({source, is_unchanged});
}

std::vector<std::string> PathClaims::Rivals(const std::string& source,
                                            const std::string& target) const {
  const auto found = claims_.find(target);
  std::vector<std::string> rivals;
  if (found == claims_.end()) return rivals;
  bool is_unchanged = false;
  int unchanged = 0;
  for (const Claim& claim : found->second) {
    if (claim.is_unchanged) ++unchanged;
    if (claim.source == source) {
      is_unchanged = claim.is_unchanged;
    } else {
      rivals.push_back(claim.source);
    }
  }
  if (is_unchanged && unchanged == 1) rivals.clear();
  return rivals;
}

}  // namespace kasbah::cli
