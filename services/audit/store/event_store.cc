#include "services/audit/store/event_store.h"

#include <algorithm>

#include "libs/base/status_macros.h"
#include "services/audit/domain/personal_columns.h"

namespace kasbah::audit::event_store {
namespace {

using postgres::Access;
using postgres::Statement;

// The statements differ in what leads: PostgreSQL plans each for the index that its leading
// condition names. $1 tenant, $2 and $3 the range, $4 the limit; of the rest null does not narrow:
// $5 actor, $6 action, $7 and $8 its prefix and where that ends, $9 target, $10 outcome.
#define AUDIT_COLUMNS                                                       \
  "e.seq, e.recorded_at, e.body, e.source_address, e.source_address_salt, " \
  "e.user_agent, e.user_agent_salt, e.actor_display, e.actor_display_salt"
#define AUDIT_CONDITIONS                                                   \
  " AND e.seq >= $2 AND e.seq < $3"                                        \
  " AND ($5 IS NULL OR e.actor_id = $5) AND ($6 IS NULL OR e.action = $6)" \
  " AND ($7 IS NULL OR (e.action >= $7 AND e.action < $8))"                \
  " AND ($9 IS NULL OR e.target_id = $9) AND ($10 IS NULL OR e.outcome = $10) "
#define AUDIT_NEWEST(name, leading)                                                         \
  {                                                                                         \
    "events.newest." name,                                                                  \
        "SELECT " AUDIT_COLUMNS                                                             \
        ", NULL::bytea FROM audit.event e WHERE e.tenant_id = $1 " leading AUDIT_CONDITIONS \
        "ORDER BY e.seq DESC LIMIT $4"                                                      \
  }
#define AUDIT_OLDEST(name, leading)                                                           \
  {                                                                                           \
    "events.oldest." name,                                                                    \
        "SELECT " AUDIT_COLUMNS                                                               \
        ", l.leaf FROM audit.event e LEFT JOIN audit.leaf l"                                  \
        " ON l.tenant_id = e.tenant_id AND l.seq = e.seq"                                     \
        " AND l.recorded_at = e.recorded_at WHERE e.tenant_id = $1 " leading AUDIT_CONDITIONS \
        "ORDER BY e.seq LIMIT $4"                                                             \
  }

// Leading conditions, the most selective first.
enum Leading { kByTarget, kByActor, kByAction, kByOutcome, kByPrefix, kByPlace };

constexpr Statement kNewest[] = {
    AUDIT_NEWEST("target", "AND e.target_id = $9"),
    AUDIT_NEWEST("actor", "AND e.actor_id = $5"),
    AUDIT_NEWEST("action", "AND e.action = $6"),
    AUDIT_NEWEST("outcome", "AND e.outcome = $10 AND e.outcome <> 1"),
    AUDIT_NEWEST("prefix", "AND e.action >= $7 AND e.action < $8"),
    AUDIT_NEWEST("place", ""),
};
constexpr Statement kOldest[] = {
    AUDIT_OLDEST("target", "AND e.target_id = $9"),
    AUDIT_OLDEST("actor", "AND e.actor_id = $5"),
    AUDIT_OLDEST("action", "AND e.action = $6"),
    AUDIT_OLDEST("outcome", "AND e.outcome = $10 AND e.outcome <> 1"),
    AUDIT_OLDEST("prefix", "AND e.action >= $7 AND e.action < $8"),
    AUDIT_OLDEST("place", ""),
};

// recorded_at never decreases along the sequence, so a time is a place in it.
constexpr Statement kPlaceOf = {"events.place_of", R"sql(
  SELECT seq FROM audit.event
  WHERE tenant_id = $1 AND recorded_at >= $2
  ORDER BY recorded_at, seq LIMIT 1)sql"};

// A subject acts under an id; a person without one is known by the name that stands beside it.
constexpr Statement kListOfSubject = {"events.list_of_subject", R"sql(
  SELECT seq, source_address, user_agent, actor_display FROM audit.event
  WHERE tenant_id = $1 AND (actor_id = $2 OR actor_display = $2)
    AND (source_address IS NOT NULL OR user_agent IS NOT NULL OR actor_display IS NOT NULL)
  ORDER BY seq)sql"};

constexpr Statement kEraseSubject = {"events.erase_subject", R"sql(
  WITH held AS (
    SELECT seq, recorded_at, source_address, user_agent, actor_display FROM audit.event
    WHERE tenant_id = $1 AND (actor_id = $2 OR actor_display = $2)
      AND (source_address IS NOT NULL OR user_agent IS NOT NULL OR actor_display IS NOT NULL)
  ), erased AS (
    UPDATE audit.event e
    SET source_address = NULL, source_address_salt = NULL, user_agent = NULL,
        user_agent_salt = NULL, actor_display = NULL, actor_display_salt = NULL
    FROM held
    WHERE e.tenant_id = $1 AND e.seq = held.seq AND e.recorded_at = held.recorded_at
    RETURNING held.source_address, held.user_agent, held.actor_display
  )
  SELECT count(source_address), count(user_agent), count(actor_display) FROM erased)sql",
                                     Access::kWrite};

#define AUDIT_HAS_PERSONAL \
  "(source_address IS NOT NULL OR user_agent IS NOT NULL OR actor_display IS NOT NULL)"

constexpr Statement kFindPersonal = {
    "events.find_personal",
    "SELECT count(*), coalesce(min(seq), 0), coalesce(max(seq), 0) FROM ("
    "SELECT seq FROM audit.event WHERE tenant_id = $1 AND seq > $2 AND " AUDIT_HAS_PERSONAL
    " ORDER BY seq LIMIT $3) p"};

constexpr Statement kErasePersonal = {
    "events.erase_personal",
    "WITH erased AS (UPDATE audit.event SET source_address = NULL, source_address_salt = NULL,"
    " user_agent = NULL, user_agent_salt = NULL, actor_display = NULL, actor_display_salt = NULL"
    " WHERE tenant_id = $1 AND seq BETWEEN $2 AND $3 AND " AUDIT_HAS_PERSONAL
    " RETURNING 1) SELECT count(*) FROM erased",
    Access::kWrite};
#undef AUDIT_HAS_PERSONAL

Leading LeadingOf(const EventFilter& filter) {
  // Success is what nearly every event has: no index leads with it.
  constexpr int kSuccess = outbox::v1::OUTCOME_SUCCESS;
  if (filter.target_id) return kByTarget;
  if (filter.actor_id) return kByActor;
  if (filter.action && !filter.has_action_prefix()) return kByAction;
  if (filter.outcome && *filter.outcome != kSuccess) return kByOutcome;
  if (filter.action) return kByPrefix;
  return kByPlace;
}

EventRecord RecordOf(const postgres::Row& row) {
  EventRecord record;
  record.sequence = row.Get<uint64_t>(0);
  record.recorded_at = row.Get<absl::Time>(1);
  record.body = row.Get<std::string>(2);
  for (size_t i = 0; i < record.personal.size(); ++i) {
    const int value = 3 + 2 * static_cast<int>(i);
    if (row.IsNull(value) || row.IsNull(value + 1)) continue;
    record.personal[i] =
        merkle::DisclosedValue{row.Get<std::string>(value + 1), row.Get<std::string>(value)};
  }
  record.leaf = row.Get<std::optional<std::string>>(9);
  return record;
}

postgres::Pending<std::vector<EventRecord>> RunList(postgres::Transaction& tx,
                                                    const Statement& statement, TenantId tenant,
                                                    const EventFilter& filter, SequenceRange range,
                                                    int limit) {
  std::optional<std::string> action, prefix, prefix_end;
  if (filter.has_action_prefix()) {
    prefix = filter.action;
    prefix_end = filter.ActionPrefixEnd();
  } else {
    action = filter.action;
  }
  const std::optional<int64_t> outcome =
      filter.outcome ? std::optional<int64_t>(*filter.outcome) : std::nullopt;
  return tx
      .Run(statement, tenant, range.first, range.past, limit, filter.actor_id, action, prefix,
           prefix_end, filter.target_id, outcome)
      .Map([](const postgres::Result& result) {
        std::vector<EventRecord> records;
        records.reserve(static_cast<size_t>(result.size()));
        for (const postgres::Row row : result) records.push_back(RecordOf(row));
        return records;
      });
}

// The number of the first event at or after a time; where there is none, past every event.
postgres::Pending<uint64_t> PlaceOf(postgres::Transaction& tx, TenantId tenant, absl::Time time) {
  return tx.Run(kPlaceOf, tenant, time).Map([](const postgres::Result& result) -> uint64_t {
    return result.empty() ? INT64_MAX : result[0].Get<uint64_t>(0);
  });
}

}  // namespace

absl::StatusOr<SequenceRange> Narrow(postgres::Transaction& tx, TenantId tenant,
                                     const EventFilter& filter, SequenceRange range) {
  // What is stored has microseconds: a bound between two of them counts from the next.
  const auto bound = [](absl::Time time) {
    return absl::FromUnixMicros(absl::ToUnixMicros(time + absl::Nanoseconds(999)));
  };
  std::optional<postgres::Pending<uint64_t>> first, past;
  if (filter.start) first = PlaceOf(tx, tenant, bound(*filter.start));
  if (filter.end) past = PlaceOf(tx, tenant, bound(*filter.end));
  if (first) {
    ASSIGN_OR_RETURN(const uint64_t place, first->Await());
    range.first = std::max(range.first, place);
  }
  if (past) {
    ASSIGN_OR_RETURN(const uint64_t place, past->Await());
    range.past = std::min(range.past, place);
  }
  return range;
}

postgres::Pending<std::vector<EventRecord>> ListNewestFirst(postgres::Transaction& tx,
                                                            TenantId tenant,
                                                            const EventFilter& filter,
                                                            SequenceRange range, int limit) {
  return RunList(tx, kNewest[LeadingOf(filter)], tenant, filter, range, limit);
}

postgres::Pending<std::vector<EventRecord>> ListOldestFirst(postgres::Transaction& tx,
                                                            TenantId tenant,
                                                            const EventFilter& filter,
                                                            SequenceRange range, int limit) {
  return RunList(tx, kOldest[LeadingOf(filter)], tenant, filter, range, limit);
}

postgres::Pending<std::vector<SubjectValue>> ListOfSubject(postgres::Transaction& tx,
                                                           TenantId tenant,
                                                           std::string_view subject) {
  return tx.Run(kListOfSubject, tenant, subject).Map([](const postgres::Result& result) {
    std::vector<SubjectValue> values;
    for (const postgres::Row row : result) {
      for (size_t i = 0; i < kPersonalColumns.size(); ++i) {
        const int column = 1 + static_cast<int>(i);
        if (row.IsNull(column)) continue;
        values.push_back({row.Get<uint64_t>(0), i, row.Get<std::string>(column)});
      }
    }
    return values;
  });
}

postgres::Pending<std::array<uint64_t, 3>> EraseSubject(postgres::Transaction& tx, TenantId tenant,
                                                        std::string_view subject) {
  return tx.RunForOne(
      kEraseSubject, "event",
      [](const postgres::Row& row) {
        return std::array<uint64_t, 3>{row.Get<uint64_t>(0), row.Get<uint64_t>(1),
                                       row.Get<uint64_t>(2)};
      },
      tenant, subject);
}

postgres::Pending<PersonalPage> FindPersonal(postgres::Transaction& tx, TenantId tenant,
                                             int64_t after, int limit) {
  return tx.Run(kFindPersonal, tenant, after, limit).Map([](const postgres::Result& rows) {
    return PersonalPage{rows[0].Get<int64_t>(0), rows[0].Get<int64_t>(1), rows[0].Get<int64_t>(2)};
  });
}

postgres::Pending<uint64_t> ErasePersonal(postgres::Transaction& tx, TenantId tenant, int64_t first,
                                          int64_t last) {
  return tx.Run(kErasePersonal, tenant, first, last).Map([](const postgres::Result& rows) {
    return rows[0].Get<uint64_t>(0);
  });
}

}  // namespace kasbah::audit::event_store
