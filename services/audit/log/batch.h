#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "services/audit/domain/application_event.h"
#include "services/audit/domain/logged_event.h"
#include "services/audit/store/receiver_store.h"

namespace kasbah::audit {

// What makes an application's event known again.
struct ClientClaim {
  std::string client_event_id;
  std::string digest;
};

// A relay's batch, or a tenant's own application's, checked and made ready outside any transaction:
// what costs time to compute is computed before the logs' heads are locked.
struct Batch {
  CursorKey key;
  // Topic, number and digest; without the entries.
  outbox::v1::ReceiveBatchRequest identity;
  std::vector<LoggedEvent> events;
  std::vector<QuarantinedEntry> unfit;
  // Of an application's batch, one for each event, all of one tenant; then there is no cursor, and
  // `key` and `identity` are empty.
  std::vector<ClientClaim> claims;

  bool is_application() const { return !claims.empty(); }
  size_t entries() const { return events.size() + unfit.size(); }
};

// From `source`, the peer's SPIFFE path ("service/vault"). INVALID_ARGUMENT for a batch that is not
// what it says; an entry that cannot be logged is no error but stands in `unfit`.
absl::StatusOr<Batch> PrepareBatch(const outbox::v1::ReceiveBatchRequest& request,
                                   std::string_view source);

// Of `claims` of `tenant`, at least one. INVALID_ARGUMENT, naming the field, for one that cannot be
// logged.
absl::StatusOr<Batch> PrepareApplicationBatch(TenantId tenant,
                                              const std::vector<ClaimedEvent>& claims);

}  // namespace kasbah::audit
