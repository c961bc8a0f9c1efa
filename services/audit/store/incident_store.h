#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/postgres/transaction.h"

namespace kasbah::audit {

// A security incident, which is the installation's.
struct Incident {
  IncidentId id;
  std::string title;
  absl::Time start;
  absl::Time end;
  // What affected events have: all that is set.
  std::optional<std::string> actor_id;
  std::optional<std::string> key_id;
  std::optional<std::string> source;
  absl::Time detected_at;
  absl::Time due_at;
  absl::Time opened_at;
  std::optional<absl::Time> searched_at;
  // What owners are told; unset until that is decided.
  std::optional<std::string> message;
  std::optional<absl::Time> told_at;
  std::optional<absl::Time> authority_at;
  std::optional<absl::Time> closed_at;
  uint64_t tenants = 0;
  uint64_t events = 0;
};

struct AffectedTenant {
  TenantId tenant;
  uint64_t events = 0;
  absl::Time first_at;
  absl::Time last_at;
  std::optional<absl::Time> told_at;
};

struct IncidentEntry {
  // IncidentEntry.Kind's name: "NOTE".
  std::string kind;
  std::string text;
  std::string made_by;
  absl::Time made_at;
};

// The tables of incidents, through their door. Stateless.
namespace incident_store {

void Insert(postgres::Transaction& tx, const Incident& incident);
// NOT_FOUND.
postgres::Pending<Incident> Get(postgres::Transaction& tx, IncidentId id);
// Newest first.
postgres::Pending<std::vector<Incident>> List(postgres::Transaction& tx, int limit);
// Keeps others from changing it until the transaction ends. Whether it is open; NOT_FOUND.
postgres::Pending<bool> Lock(postgres::Transaction& tx, IncidentId id);

void AddEntry(postgres::Transaction& tx, IncidentId id, const IncidentEntry& entry);
postgres::Pending<std::vector<IncidentEntry>> ListEntries(postgres::Transaction& tx, IncidentId id);
postgres::Pending<std::vector<AffectedTenant>> ListTenants(postgres::Transaction& tx, IncidentId id,
                                                           TenantId after, int limit);

void SetMessage(postgres::Transaction& tx, IncidentId id, const std::string& message);
void SetAuthority(postgres::Transaction& tx, IncidentId id, absl::Time now);
void Close(postgres::Transaction& tx, IncidentId id, absl::Time now);

// Open incidents, and those among them whose time ends before `soon` with no authority told.
struct ClockCounts {
  uint64_t open = 0;
  uint64_t due_soon = 0;
};
postgres::Pending<ClockCounts> CountClocks(postgres::Transaction& tx, absl::Time soon);

}  // namespace incident_store
}  // namespace kasbah::audit
