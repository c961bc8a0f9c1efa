#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::vault {

KASBAH_DEFINE_ID(DatabaseId, "dbs");
KASBAH_DEFINE_ID(LeaseId, "lse");

// A PostgreSQL of a tenant's own, and as whom logins are made there.
struct TargetDatabase {
  DatabaseId id;
  std::string name;
  std::string host;
  uint32_t port = 5432;
  std::string dbname;
  // Off is for loopback alone.
  bool verify_tls = true;
  std::string ca;
  std::string admin_user;
  // Path of the secret that is the admin user's password.
  std::string admin_secret;
  absl::Time created_at;
  absl::Time updated_at;
};

// What a login may do, and for how long.
struct DatabaseRole {
  std::string path;
  DatabaseId database;
  // Of the database's name, for those who read.
  std::string database_name;
  std::vector<std::string> groups;
  absl::Duration default_ttl;
  absl::Duration max_ttl;
  uint32_t connection_limit = 10;
  absl::Time created_at;
  absl::Time updated_at;
};

enum class LeaseState { kCreating, kActive, kRevoking, kEnded };
// "creating", "active", "revoking", "ended": as stored.
std::string_view ToText(LeaseState state);
absl::StatusOr<LeaseState> ParseLeaseState(std::string_view text);

// Why a lease ends.
namespace lease_cause {
inline constexpr std::string_view kExpired = "expired";
inline constexpr std::string_view kRevoked = "revoked";
inline constexpr std::string_view kFailed = "failed";
}  // namespace lease_cause

// A login in a target database. Its password is known to whoever it was made for alone.
struct Lease {
  LeaseId id;
  DatabaseId database;
  std::string database_name;
  std::string role_path;
  std::string login;
  LeaseState state = LeaseState::kCreating;
  std::string cause;
  std::string actor;
  absl::Duration ttl;
  absl::Time expires_at;
  absl::Time max_expires_at;
  int64_t attempts = 0;
  std::string waiting_for;
  absl::Time created_at;
  std::optional<absl::Time> ended_at;
};

// How long whoever makes or ends a login may take before the upkeep takes over; what is sent to the
// target has a shorter deadline, so that nothing of it arrives afterwards.
inline constexpr absl::Duration kLeaseWork = absl::Seconds(60);
inline constexpr absl::Duration kTargetTimeout = absl::Seconds(20);
// How long the row of an ended lease stays.
inline constexpr absl::Duration kEndedLeasesKept = absl::Hours(24 * 30);
inline constexpr absl::Duration kShortestTtl = absl::Minutes(1);
inline constexpr absl::Duration kLongestTtl = absl::Hours(24 * 366);

// INVALID_FIELDS: TTLs of whole seconds, a minute to 366 days, the default not above the maximum.
absl::Status CheckRole(const DatabaseRole& role);

// Whether `path` is `prefix` or below it: "reporting" holds "reporting" and "reporting/daily", and
// not "reporting2".
bool IsWithin(std::string_view path, std::string_view prefix);

// "kasbah_reporting_read_only_" and 80 random bits, at most 63 bytes: where it comes from can be
// seen in pg_stat_activity, what it is cannot be guessed.
std::string NewLoginName(std::string_view role_path);
// 256 random bits in base64url.
crypto::SecretBytes NewPassword();

// When a lease that is asked for `ttl` from `now` ends: whole seconds, never after `limit`.
absl::Time LeaseEnd(absl::Time now, absl::Duration ttl, absl::Time limit);

// FAILED_PRECONDITION, LEASE_ENDED, for one that is not active or whose time is over.
absl::Status CheckRenewable(const Lease& lease, absl::Time now);

// Before the next attempt at ending one: 2 s, doubled each time, 5 minutes at the most.
absl::Duration LeasePause(int64_t attempts);

}  // namespace kasbah::vault
