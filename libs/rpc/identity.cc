#include "libs/rpc/identity.h"

#include <algorithm>
#include <vector>

#include "libs/base/error.h"

namespace kasbah::rpc {
namespace {

constexpr size_t kLongestId = 2048;  // SPIFFE-ID 2.3

bool IsDomain(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool IsSegment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

std::vector<std::string_view> SegmentsOf(std::string_view path) {
  std::vector<std::string_view> segments;
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool IsKnownPath(const std::vector<std::string_view>& segments) {
  if (!std::ranges::all_of(segments, IsSegment)) return false;
  if (segments.size() == 2) return segments[0] == "service" || segments[0] == "operator";
  if (segments.size() != 4 || segments[0] != "tenant" || segments[2] != "workload") return false;
  const absl::StatusOr<TenantId> tenant = TenantId::Parse(segments[1]);
  // The system tenant belongs to services; a nil id names nothing.
  return tenant.ok() && !tenant->is_nil() && *tenant != kSystemTenant;
}

}  // namespace

absl::StatusOr<SpiffeId> SpiffeId::Parse(std::string_view uri) {
  const auto malformed = [] {
    return Error(
        absl::StatusCode::kInvalidArgument, "SPIFFE_ID_INVALID",
        "not a SPIFFE id of the form spiffe://<domain>/service/<name>, /operator/<name> or "
        "/tenant/<ten_id>/workload/<name>");
  };
  std::string_view rest = uri;
  if (uri.size() > kLongestId || !rest.starts_with("spiffe://")) return malformed();
  rest.remove_prefix(std::string_view("spiffe://").size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || !IsDomain(rest.substr(0, slash))) return malformed();
  const std::string_view path = rest.substr(slash + 1);
  if (!IsKnownPath(SegmentsOf(path))) return malformed();
  return SpiffeId{.domain = std::string(rest.substr(0, slash)), .path = std::string(path)};
}

TenantId SpiffeId::tenant() const {
  if (!is_tenant_workload()) return TenantId();
  const std::vector<std::string_view> segments = SegmentsOf(path);
  if (segments.size() != 4) return TenantId();
  const absl::StatusOr<TenantId> tenant = TenantId::Parse(segments[1]);
  return tenant.ok() ? *tenant : TenantId();
}

bool PeerMatches(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with("/*")) return pattern == path;
  const std::string_view prefix = pattern.substr(0, pattern.size() - 1);
  return path.size() > prefix.size() && path.starts_with(prefix);
}

}  // namespace kasbah::rpc
