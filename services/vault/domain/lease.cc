#include "services/vault/domain/lease.h"

#include <algorithm>
#include <array>
#include <utility>

#include "libs/base/error.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/random.h"

namespace kasbah::vault {
namespace {

constexpr std::string_view kLoginPrefix = "kasbah_";
constexpr size_t kLongestLogin = 63;
constexpr size_t kRandomLetters = 20;
constexpr size_t kPasswordBytes = 32;
constexpr absl::Duration kFirstPause = absl::Seconds(2);
constexpr absl::Duration kLongestPause = absl::Minutes(5);

bool IsTtl(absl::Duration ttl) {
  return ttl >= kShortestTtl && ttl <= kLongestTtl && absl::Trunc(ttl, absl::Seconds(1)) == ttl;
}

}  // namespace

std::string_view ToText(LeaseState state) {
  switch (state) {
    case LeaseState::kCreating:
      return "creating";
    case LeaseState::kActive:
      return "active";
    case LeaseState::kRevoking:
      return "revoking";
    case LeaseState::kEnded:
      return "ended";
  }
  Crash("a lease's state without a name", __FILE__, __LINE__);
}

absl::StatusOr<LeaseState> ParseLeaseState(std::string_view text) {
  for (const LeaseState state :
       {LeaseState::kCreating, LeaseState::kActive, LeaseState::kRevoking, LeaseState::kEnded}) {
    if (ToText(state) == text) return state;
  }
  return absl::InvalidArgumentError("not a lease's state");
}

absl::Status CheckRole(const DatabaseRole& role) {
  std::vector<Violation> violations;
  const auto refuse = [&violations](std::string_view field, std::string_view description) {
    violations.push_back(
        {.field = std::string(field), .description = std::string(description), .rule = "RANGE"});
  };
  constexpr std::string_view kBounds = "must be whole seconds, a minute to 366 days";
  if (!IsTtl(role.default_ttl)) refuse("default_ttl", kBounds);
  if (!IsTtl(role.max_ttl)) refuse("max_ttl", kBounds);
  if (role.default_ttl > role.max_ttl) refuse("default_ttl", "must not be above max_ttl");
  if (violations.empty()) return absl::OkStatus();
  return InvalidFields(std::move(violations));
}

bool IsWithin(std::string_view path, std::string_view prefix) {
  return path == prefix || (path.starts_with(prefix) && path.substr(prefix.size())[0] == '/');
}

std::string NewLoginName(std::string_view role_path) {
  std::string login(kLoginPrefix);
  for (const char c : role_path.substr(0, kLongestLogin - login.size() - kRandomLetters - 1)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    login.push_back(plain ? c : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : '_');
  }
  std::array<uint8_t, kRandomLetters / 2> random;
  crypto::FillRandom(random.data(), random.size());
  login.push_back('_');
  return login + crypto::Hex({reinterpret_cast<const char*>(random.data()), random.size()});
}

crypto::SecretBytes NewPassword() {
  const crypto::SecretBytes random = crypto::SecretBytes::Random(kPasswordBytes);
  std::string text = crypto::Base64Url(random.view(crypto::SecretAccess::ForCaller()));
  crypto::SecretBytes password = crypto::SecretBytes::Copy(text);
  crypto::Wipe(text);
  return password;
}

absl::Time LeaseEnd(absl::Time now, absl::Duration ttl, absl::Time limit) {
  return std::min(absl::FromUnixSeconds(absl::ToUnixSeconds(now + ttl)), limit);
}

absl::Status CheckRenewable(const Lease& lease, absl::Time now) {
  if (lease.state == LeaseState::kActive && lease.expires_at > now) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "LEASE_ENDED",
               "the lease is over; issue another");
}

absl::Duration LeasePause(int64_t attempts) {
  absl::Duration pause = kFirstPause;
  for (int64_t i = 0; i < attempts && pause < kLongestPause; ++i) pause *= 2;
  return std::min(pause, kLongestPause);
}

}  // namespace kasbah::vault
