#pragma once

#include "libs/postgres/statement.h"

namespace kasbah::usage {

// What a schema's quotas are kept by. Each takes the tenant and the meter's name first.
struct QuotaStatements {
  // `most`, where there is a limit.
  postgres::Statement get;
  // The same, and the row is the transaction's from then on.
  postgres::Statement lock;
  // Also: most, the month, and how much came in it.
  postgres::Statement put;
  postgres::Statement remove;
  postgres::Statement remove_slots;
  // Those that are missing, with nothing left in them.
  postgres::Statement add_slots;
  postgres::Statement lock_slots;
  // Also: how much is held.
  postgres::Statement deal;
};

#define KASBAH_QUOTA_ROW_STATEMENTS(schema)                                                  \
  {"quotas.get", "SELECT most FROM " schema ".quotas WHERE tenant_id = $1 AND meter = $2"},  \
      {"quotas.lock",                                                                        \
       "SELECT most FROM " schema ".quotas WHERE tenant_id = $1 AND meter = $2 FOR UPDATE",  \
       postgres::Access::kWrite},                                                            \
      {"quotas.put",                                                                         \
       "INSERT INTO " schema                                                                 \
       ".quotas (tenant_id, meter, most, month_start, used) "                                \
       "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, meter) DO UPDATE "               \
       "SET most = excluded.most, month_start = excluded.month_start, used = excluded.used", \
       postgres::Access::kWrite},                                                            \
  {                                                                                          \
    "quotas.remove", "DELETE FROM " schema ".quotas WHERE tenant_id = $1 AND meter = $2",    \
        postgres::Access::kWrite                                                             \
  }
#define KASBAH_QUOTA_SLOT_STATEMENTS(schema)                                                    \
  {"quotas.remove_slots",                                                                       \
   "DELETE FROM " schema ".quota_slots WHERE tenant_id = $1 AND meter = $2",                    \
   postgres::Access::kWrite},                                                                   \
      {"quotas.add_slots",                                                                      \
       "INSERT INTO " schema                                                                    \
       ".quota_slots (tenant_id, meter, slot, remaining) "                                      \
       "SELECT $1, $2, slot, 0 FROM generate_series(0, 15) AS s (slot) ON CONFLICT DO NOTHING", \
       postgres::Access::kWrite},                                                               \
      {"quotas.lock_slots",                                                                     \
       "SELECT slot FROM " schema                                                               \
       ".quota_slots WHERE tenant_id = $1 AND meter = $2 "                                      \
       "ORDER BY slot FOR UPDATE",                                                              \
       postgres::Access::kWrite},                                                               \
  {                                                                                             \
    "quotas.deal",                                                                              \
        "SELECT " schema ".deal_room($1, $2, (SELECT most FROM " schema                         \
        ".quotas WHERE tenant_id = $1 AND meter = $2) - $3)",                                   \
        postgres::Access::kWrite                                                                \
  }

// Of a schema that has core.create_quotas alone, and of one with core.create_quota_slots.
#define KASBAH_QUOTAS(schema)                                                     \
  ::kasbah::usage::QuotaStatements {                                              \
    KASBAH_QUOTA_ROW_STATEMENTS(schema), {"", ""}, {"", ""}, {"", ""}, { "", "" } \
  }
#define KASBAH_QUOTAS_WITH_SLOTS(schema)                                      \
  ::kasbah::usage::QuotaStatements {                                          \
    KASBAH_QUOTA_ROW_STATEMENTS(schema), KASBAH_QUOTA_SLOT_STATEMENTS(schema) \
  }

// Of a row `q` of quotas: what came in a month, by its first midnight. One whose own month is over
// has all of the new one.
#define KASBAH_USED_IN(month) "CASE WHEN q.month_start >= " month " THEN q.used ELSE 0 END"
// Adds to it, in an UPDATE.
#define KASBAH_USE_IN(month, more) \
  "month_start = greatest(q.month_start, " month "), used = " KASBAH_USED_IN(month) " + " more
// Fails, KB007, where the tenant ($1) has used up this month's.
#define KASBAH_REQUIRE_MONTHS_ROOM(schema, meter)            \
  "SELECT core.require_room(NOT EXISTS (SELECT FROM " schema \
  ".quotas q WHERE q.tenant_id = $1 AND q.meter = '" meter   \
  "' AND q.most <= " KASBAH_USED_IN("date_trunc('month', now(), 'UTC')") "), '" meter "')"

}  // namespace kasbah::usage
