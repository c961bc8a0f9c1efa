#include "cli/import/patience.h"

namespace kasbah::cli {

bool IsWorthRepeating(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
      return true;
    default:
      return ReasonOf(status) == reason::kCommitUnknown;
  }
}

}  // namespace kasbah::cli
