#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/merkle/export_format.h"
#include "libs/postgres/transaction.h"

namespace kasbah::audit {

// A stored event.
struct EventRecord {
  uint64_t sequence = 0;
  absl::Time recorded_at;
  std::string body;
  // In the order of merkle::kPersonalFields; unset: there was none, or it was erased.
  std::array<std::optional<merkle::DisclosedValue>, merkle::kPersonalFields.size()> personal;
  // Where it was asked for; unset when the row is not there.
  std::optional<std::string> leaf;
};

// Numbers [first, past) of a log.
struct SequenceRange {
  uint64_t first = 0;
  uint64_t past = INT64_MAX;
};

// audit.event of one tenant, in its scope. What a filter asks for is EventSearch's. Stateless.
namespace event_store {

// Of number, time, body, each personal value before its salt, and the leaf or null.
EventRecord RecordOf(const postgres::Row& row);

// At most `limit` of a range, oldest first, with leaves.
postgres::Pending<std::vector<EventRecord>> Read(postgres::Transaction& tx, TenantId tenant,
                                                 SequenceRange range, int limit);

// Personal values of events that a subject acted in or is named by.
struct SubjectValue {
  uint64_t sequence = 0;
  // Index into kPersonalColumns.
  size_t column = 0;
  std::string value;
};
postgres::Pending<std::vector<SubjectValue>> ListOfSubject(postgres::Transaction& tx,
                                                           TenantId tenant,
                                                           std::string_view subject);
// Destroys values and salts; how many of each of kPersonalColumns.
postgres::Pending<std::array<uint64_t, 3>> EraseSubject(postgres::Transaction& tx, TenantId tenant,
                                                        std::string_view subject);

// Some of a tenant's events after `after` that have personal values, and where they stand.
struct PersonalPage {
  int64_t events = 0;
  int64_t first = 0;
  // Before the first there is.
  int64_t last = -1;
  // The trail takes no others any more.
  bool is_closed = false;
};
postgres::Pending<PersonalPage> FindPersonal(postgres::Transaction& tx, TenantId tenant,
                                             int64_t after, int limit);
// From its commit on the trail takes no personal values of the tenant's (FlushBatches).
void CloseToPersonal(postgres::Transaction& tx, TenantId tenant, absl::Time now);
// Destroys values and salts from `first` to `last`: of how many events.
postgres::Pending<uint64_t> ErasePersonal(postgres::Transaction& tx, TenantId tenant, int64_t first,
                                          int64_t last);

}  // namespace event_store
}  // namespace kasbah::audit
