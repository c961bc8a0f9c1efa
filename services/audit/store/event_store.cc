#include "services/audit/store/event_store.h"

#include "services/audit/domain/personal_columns.h"

namespace kasbah::audit::event_store {
namespace {

using postgres::Access;
using postgres::Statement;

constexpr Statement kRead = {"events.read", R"sql(
  SELECT e.seq, e.recorded_at, e.body, e.source_address, e.source_address_salt,
    e.user_agent, e.user_agent_salt, e.actor_display, e.actor_display_salt, l.leaf
  FROM audit.event e
  LEFT JOIN audit.leaf l
    ON l.tenant_id = e.tenant_id AND l.seq = e.seq AND l.recorded_at = e.recorded_at
  WHERE e.tenant_id = $1 AND e.seq >= $2 AND e.seq < $3
  ORDER BY e.seq LIMIT $4)sql"};

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
    "SELECT count(*), coalesce(min(seq), $2), coalesce(max(seq), $2), EXISTS ("
    "SELECT FROM audit.log_head WHERE tenant_id = $1 AND erased_at IS NOT NULL) FROM ("
    "SELECT seq FROM audit.event WHERE tenant_id = $1 AND seq > $2 AND " AUDIT_HAS_PERSONAL
    " ORDER BY seq LIMIT $3) p"};

constexpr Statement kCloseToPersonal = {
    "events.close_to_personal",
    "UPDATE audit.log_head SET erased_at = $2 WHERE tenant_id = $1 AND erased_at IS NULL",
    Access::kWrite};

constexpr Statement kErasePersonal = {
    "events.erase_personal",
    "WITH erased AS (UPDATE audit.event SET source_address = NULL, source_address_salt = NULL,"
    " user_agent = NULL, user_agent_salt = NULL, actor_display = NULL, actor_display_salt = NULL"
    " WHERE tenant_id = $1 AND seq BETWEEN $2 AND $3 AND " AUDIT_HAS_PERSONAL
    " RETURNING 1) SELECT count(*) FROM erased",
    Access::kWrite};
#undef AUDIT_HAS_PERSONAL

}  // namespace

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

postgres::Pending<std::vector<EventRecord>> Read(postgres::Transaction& tx, TenantId tenant,
                                                 SequenceRange range, int limit) {
  return tx.Run(kRead, tenant, range.first, range.past, limit)
      .Map([](const postgres::Result& result) {
        std::vector<EventRecord> records;
        records.reserve(static_cast<size_t>(result.size()));
        for (const postgres::Row row : result) records.push_back(RecordOf(row));
        return records;
      });
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
    return PersonalPage{rows[0].Get<int64_t>(0), rows[0].Get<int64_t>(1), rows[0].Get<int64_t>(2),
                        rows[0].Get<bool>(3)};
  });
}

void CloseToPersonal(postgres::Transaction& tx, TenantId tenant, absl::Time now) {
  tx.Run(kCloseToPersonal, tenant, now);
}

postgres::Pending<uint64_t> ErasePersonal(postgres::Transaction& tx, TenantId tenant, int64_t first,
                                          int64_t last) {
  return tx.Run(kErasePersonal, tenant, first, last).Map([](const postgres::Result& rows) {
    return rows[0].Get<uint64_t>(0);
  });
}

}  // namespace kasbah::audit::event_store
