#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/audit/store/incident_store.h"

namespace kasbah::audit {

// What operators do with incidents: each change commits with an entry of the record and an event of
// the installation's trail. Thread safe.
class IncidentRegistry {
 public:
  // From becoming aware of it (GDPR, Article 33).
  static constexpr absl::Duration kTimeToNotify = absl::Hours(72);

  IncidentRegistry(postgres::Door& door, outbox::Outbox& outbox, const Clock& clock)
      : door_(door), outbox_(outbox), clock_(clock) {}

  // Id and times but the period's are set here.
  absl::StatusOr<Incident> Open(const CallContext& call, Incident incident);
  absl::StatusOr<Incident> Get(const CallContext& call, IncidentId id,
                               std::vector<IncidentEntry>* entries);
  absl::StatusOr<std::vector<Incident>> List(const CallContext& call, int limit);
  absl::StatusOr<std::vector<AffectedTenant>> ListTenants(const CallContext& call, IncidentId id,
                                                          TenantId after, int limit);
  absl::StatusOr<Incident> Notify(const CallContext& call, IncidentId id,
                                  const std::string& message);
  // `stops_clock`: the authority was notified.
  absl::StatusOr<IncidentEntry> AddEntry(const CallContext& call, IncidentId id,
                                         const std::string& kind, const std::string& text,
                                         bool stops_clock);
  absl::StatusOr<Incident> Close(const CallContext& call, IncidentId id, const std::string& reason);

 private:
  // FAILED_PRECONDITION, INCIDENT_CLOSED, for one that is closed.
  absl::StatusOr<Incident> Change(const CallContext& call, IncidentId id, std::string_view action,
                                  const IncidentEntry& entry,
                                  absl::FunctionRef<void(postgres::Transaction&)> change);
  IncidentEntry EntryOf(const CallContext& call, const std::string& kind,
                        const std::string& text) const;
  absl::Status AppendEvent(postgres::Transaction& tx, const CallContext& call,
                           std::string_view action, IncidentId id);

  postgres::Door& door_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
