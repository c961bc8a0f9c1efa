#pragma once

#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/audit/store/incident_search_store.h"

namespace kasbah::audit {

// What goes on in the background for incidents: the trails are searched, tenant by tenant and some
// events at a time, each step a transaction that notes how far it came; owners are told, each with
// an event of its trail in the same transaction; clocks that run out are shown. Replicas may work
// side by side. Thread safe.
class IncidentSearch {
 public:
  struct Options {
    // Events looked at in one transaction.
    uint64_t page = 50'000;
  };
  IncidentSearch(Options options, postgres::Door& door, outbox::Outbox& outbox, const Clock& clock)
      : options_(options), door_(door), outbox_(outbox), clock_(clock) {}

  // Until nothing is left to do.
  absl::Status RunOnce();

  // One step of a search; false when there was none to take.
  absl::StatusOr<bool> Step();
  // Tells one tenant's owners; false when nobody is left.
  absl::StatusOr<bool> TellOne();

 private:
  absl::Status FinishTelling();
  absl::Status ShowClocks();
  absl::Status AppendState(postgres::Transaction& tx, IncidentId id, std::string_view action,
                           const std::string& text);

  const Options options_;
  postgres::Door& door_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
