#include "services/audit/store/prune_store.h"

#include "libs/base/strings.h"

namespace kasbah::audit::prune_store {
namespace {

using postgres::Access;
using postgres::Statement;

constexpr Statement kFindOldest = {"prune.find_oldest", R"sql(
  SELECT seq, recorded_at FROM audit.event
  WHERE tenant_id = $1 AND seq >= $2 ORDER BY seq LIMIT 1)sql"};

constexpr Statement kMeasure = {"prune.measure", R"sql(
  SELECT count(*), max(recorded_at) FROM (
    SELECT recorded_at FROM audit.event
    WHERE tenant_id = $1 AND seq >= $2 AND seq < $2 + $4 ORDER BY seq) e
  WHERE recorded_at < $3)sql"};

constexpr Statement kAdvanceStart = {"prune.advance_start", "SELECT audit.advance_start($1, $2)",
                                     Access::kWrite};

constexpr Statement kDeletePruned = {"prune.delete_pruned",
                                     "SELECT audit.delete_pruned($1, $2::integer)", Access::kWrite};

constexpr Statement kListPastMonths = {"prune.list_past_months", R"sql(
  SELECT substr(c.relname::text, 7) FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
  JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
  WHERE n.nspname = 'audit' AND p.relname = 'event' AND c.relname ~ '^event_\d{4}_\d{2}$'
    AND to_date(substr(c.relname::text, 7), 'YYYY_MM') < now() - interval '60 days'
  ORDER BY 1)sql"};

constexpr Statement kDropMonth = {"prune.drop_month", "SELECT audit.drop_month($1::date)",
                                  Access::kWrite};

}  // namespace

postgres::Pending<std::optional<OldestEvent>> FindOldest(postgres::Transaction& tx, TenantId tenant,
                                                         uint64_t from) {
  return tx.Run(kFindOldest, tenant, from)
      .Map([](const postgres::Result& result) -> std::optional<OldestEvent> {
        if (result.empty()) return std::nullopt;
        return OldestEvent{result[0].Get<uint64_t>(0), result[0].Get<absl::Time>(1)};
      });
}

postgres::Pending<Stretch> Measure(postgres::Transaction& tx, TenantId tenant, uint64_t from,
                                   absl::Time end, int limit) {
  return tx.RunForOne(
      kMeasure, "event",
      [](const postgres::Row& row) {
        return Stretch{row.Get<uint64_t>(0),
                       row.Get<std::optional<absl::Time>>(1).value_or(absl::InfinitePast())};
      },
      tenant, from, end, limit);
}

void AdvanceStart(postgres::Transaction& tx, TenantId tenant, uint64_t first) {
  tx.Run(kAdvanceStart, tenant, first);
}

postgres::Pending<uint64_t> DeletePruned(postgres::Transaction& tx, TenantId tenant, int page) {
  return tx.RunForOne(
      kDeletePruned, "log", [](const postgres::Row& row) { return row.Get<uint64_t>(0); }, tenant,
      page);
}

postgres::Pending<std::vector<absl::CivilMonth>> ListPastMonths(postgres::Transaction& tx) {
  return tx.Run(kListPastMonths).Map([](const postgres::Result& result) {
    std::vector<absl::CivilMonth> months;
    for (const postgres::Row row : result) {
      std::string text = row.Get<std::string>(0);
      text[4] = '-';
      absl::CivilMonth month;
      if (absl::ParseCivilTime(text, &month)) months.push_back(month);
    }
    return months;
  });
}

void DropMonth(postgres::Transaction& tx, absl::CivilMonth month) {
  tx.Run(kDropMonth, StrCat(absl::FormatCivilTime(month), "-01"));
}

}  // namespace kasbah::audit::prune_store
