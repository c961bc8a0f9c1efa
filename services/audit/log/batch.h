#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "services/audit/domain/logged_event.h"
#include "services/audit/store/receiver_store.h"

namespace kasbah::audit {

// A relay's batch, checked and made ready outside any transaction: what costs time to compute is
// computed before the logs' heads are locked.
struct Batch {
  CursorKey key;
  // Topic, number and digest; without the entries.
  outbox::v1::ReceiveBatchRequest identity;
  std::vector<LoggedEvent> events;
  std::vector<QuarantinedEntry> unfit;

  size_t entries() const { return events.size() + unfit.size(); }
};

// From `source`, the peer's SPIFFE path ("service/vault"). INVALID_ARGUMENT for a batch that is not
// what it says; an entry that cannot be logged is no error but stands in `unfit`.
absl::StatusOr<Batch> PrepareBatch(const outbox::v1::ReceiveBatchRequest& request,
                                   std::string_view source);

}  // namespace kasbah::audit
