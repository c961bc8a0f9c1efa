#pragma once

#include <optional>
#include <string>

#include "libs/postgres/transaction.h"
#include "services/audit/store/incident_store.h"

namespace kasbah::audit::incident_search_store {

// Where the search of one incident is.
struct Place {
  Incident incident;
  TenantId tenant;
  // Events [next, past) of that tenant are still to be looked at; unset between two tenants.
  std::optional<uint64_t> next;
  uint64_t past = 0;
};

// One incident whose search is not over, held until the transaction ends; nothing where there is
// none that another replica does not hold.
postgres::Pending<std::optional<Place>> Take(postgres::Transaction& tx);
// The next tenant with a log.
postgres::Pending<std::optional<TenantId>> NextTenant(postgres::Transaction& tx, TenantId after);
// The tenant's events of the incident's time; `next` unset where there are none.
postgres::Pending<Place> Enter(postgres::Transaction& tx, const Place& place, TenantId tenant);
// Those of [next, past) that match.
postgres::Pending<AffectedTenant> Match(postgres::Transaction& tx, const Place& place,
                                        uint64_t past);
// Adds to what was found before.
void AddMatch(postgres::Transaction& tx, IncidentId id, const AffectedTenant& found);
void Save(postgres::Transaction& tx, const Place& place);
void Finish(postgres::Transaction& tx, IncidentId id, absl::Time now);

// One tenant of an incident that is to be told and was not, held until the transaction ends.
struct Untold {
  IncidentId incident;
  AffectedTenant affected;
  std::string message;
  absl::Time start;
  absl::Time end;
};
postgres::Pending<std::optional<Untold>> TakeUntold(postgres::Transaction& tx);
void SetTold(postgres::Transaction& tx, const Untold& told, absl::Time now);
// Marks an incident that is searched and whose tenants were all told; its id, if there was one.
postgres::Pending<std::optional<IncidentId>> FinishTelling(postgres::Transaction& tx,
                                                           absl::Time now);

}  // namespace kasbah::audit::incident_search_store
