#include "services/audit/log/missing_event.h"

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::audit {

absl::Status MissingEvent(uint64_t sequence, uint64_t begins) {
  if (sequence < begins) {
    return Error(absl::StatusCode::kAborted, "LOG_PRUNED",
                 StrCat("event ", sequence,
                        " left the log for a bundle; the log begins with event ", begins));
  }
  return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
               StrCat("the log is damaged: event ", sequence, " is missing"));
}

absl::Status ArchivedEvent(const Archive& bundle) {
  return Error(absl::StatusCode::kNotFound, "EVENT_ARCHIVED",
               StrCat("the event left the log for bundle ", bundle.name));
}

}  // namespace kasbah::audit
