#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/client.h"

namespace kasbah::webhook {

// What one attempt came to.
struct AttemptResult {
  enum class Kind {
    // 2xx, and nothing else.
    kDelivered,
    // To be tried again, while attempts are left.
    kFailed,
    // 410: the receiver wants no more of anything.
    kGone,
    // We stopped in the middle: unknown, and nobody's fault.
    kInterrupted,
  };
  Kind kind = Kind::kFailed;
  // 0 when no answer came.
  int http_status = 0;
  // UPPER_SNAKE; empty when delivered.
  std::string error;
  // Of 429 and 503.
  std::optional<absl::Duration> retry_after;
};

AttemptResult ResultOf(const absl::StatusOr<http::ClientResponse>& response, absl::Time now);

}  // namespace kasbah::webhook
