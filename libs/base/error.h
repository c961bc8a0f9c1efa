#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace kasbah {

// One refused field of a request: "values.alpha_2", "must be two capital letters".
struct Violation {
  std::string field;
  std::string description;
  // UPPER_SNAKE name of the rule, where callers tell rules apart.
  std::string rule;
};

// An error that callers may see: `reason` is UPPER_SNAKE and stable (google.rpc.ErrorInfo),
// `message` says what to do and holds no secret, value or SQL. An absl::Status without a reason is
// taken for a fault of ours: libs/rpc shows a fixed text and the request id in its place, so
// whatever a client should read has to be made here.
absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message);

// INVALID_ARGUMENT, reason INVALID_FIELDS, with every violation.
absl::Status InvalidFields(std::vector<Violation> violations);
absl::Status InvalidField(std::string_view field, std::string_view description);

// The same error with violations, where it is not the request that is wrong but what it meets.
absl::Status WithViolations(absl::Status status, const std::vector<Violation>& violations);

// NOT_FOUND, reason NOT_FOUND: "record not found". The same for an absent resource and another
// tenant's.
absl::Status NotFound(std::string_view what);

// The same error with a time to wait (google.rpc.RetryInfo).
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);

// What an error carries beside code and message. Empty reason: not made for callers.
struct ErrorDetails {
  std::string reason;
  std::vector<Violation> violations;
  std::optional<absl::Duration> retry_delay;
};
ErrorDetails DetailsOf(const absl::Status& status);
std::string ReasonOf(const absl::Status& status);
// Whether it is the tenant that is refused, suspended or closed, and nothing else is at fault.
bool IsTenantRefused(const absl::Status& status);

// Ends the process: an invariant of ours is broken, and going on would be worse.
[[noreturn]] void Crash(std::string_view what, const char* file, int line);
#define KASBAH_CHECK(condition)                                        \
  do {                                                                 \
    if (!(condition)) ::kasbah::Crash(#condition, __FILE__, __LINE__); \
  } while (false)

// The reasons that more than one place produces or tells apart.
namespace reason {
inline constexpr std::string_view kNotFound = "NOT_FOUND";
inline constexpr std::string_view kInvalidFields = "INVALID_FIELDS";
inline constexpr std::string_view kAlreadyExists = "ALREADY_EXISTS";
inline constexpr std::string_view kEtagMismatch = "ETAG_MISMATCH";
inline constexpr std::string_view kTenantSuspended = "TENANT_SUSPENDED";
inline constexpr std::string_view kTenantClosed = "TENANT_CLOSED";
inline constexpr std::string_view kCommitUnknown = "COMMIT_UNKNOWN";
inline constexpr std::string_view kDatabaseUnavailable = "DATABASE_UNAVAILABLE";
inline constexpr std::string_view kOverloaded = "OVERLOADED";
inline constexpr std::string_view kPermissionDenied = "PERMISSION_DENIED";
inline constexpr std::string_view kDeadlineExceeded = "DEADLINE_EXCEEDED";
}  // namespace reason

}  // namespace kasbah
