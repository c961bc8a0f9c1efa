#include "services/audit/formats/sent_event.h"

#include "libs/base/timestamp.h"
#include "libs/crypto/encoding.h"

namespace kasbah::audit {

absl::Time SentEvent::recorded_at() const {
  return FromTimestamp(event.recorded_at(), "recorded_at").value_or(absl::UnixEpoch());
}

absl::Time SentEvent::occurred_at() const {
  if (!what().has_occurred_at()) return recorded_at();
  return FromTimestamp(what().occurred_at(), "occurred_at").value_or(recorded_at());
}

std::string SentEvent::outcome() const {
  switch (what().outcome()) {
    case outbox::v1::OUTCOME_SUCCESS:
      return "SUCCESS";
    case outbox::v1::OUTCOME_DENIED:
      return "DENIED";
    default:
      return "FAILURE";
  }
}

std::string SentEvent::leaf_text() const { return crypto::Base64(merkle::View(leaf)); }

}  // namespace kasbah::audit
