#include "tests/bench/search.h"

#include <algorithm>
#include <cstdio>
#include <functional>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/postgres/database.h"
#include "services/audit/store/event_search.h"

namespace kasbah::bench {
namespace {

using audit::EventFilter;
using audit::EventOrder;
using audit::EventPage;
using audit::EventSearch;

constexpr int kPageSize = 100;
constexpr int kRuns = 20;
// Events per insert.
constexpr int kStep = 500'000;

const absl::Time kFirst = absl::FromCivil(absl::CivilSecond(2026, 1, 1), absl::UTCTimeZone());
constexpr absl::Duration kSpan = absl::Hours(24 * 181);

// A thousand actors, forty actions, a million targets, one request in three events, addresses by
// the ten thousands, two events in a hundred not successful.
void Load(Installation& kasbah, TenantId tenant, int64_t events) {
  kasbah.Query("CALL audit.add_partitions('2026-01-01', 7)");
  for (int64_t at = 0; at < events; at += kStep) {
    kasbah.Query(StrCat(
        "INSERT INTO audit.event (tenant_id, seq, recorded_at, action, actor_id, target_id, "
        "outcome, body, source_address, source_address_salt, request_key) SELECT '",
        tenant.uuid().ToString(), "', i, timestamptz '2026-01-01 00:00:00+00' + i * interval '",
        absl::ToDoubleSeconds(kSpan) / static_cast<double>(events),
        " seconds', (ARRAY['record','secret','customer','file','app.invoice'])[1 + i % 5] || '.' "
        "|| (ARRAY['create','update','delete','read','list','grant','revoke','restore'])"
        "[1 + (i / 5) % 8], 'usr_' || lpad((hashint8(i) & 1023)::text, 26, '0'), "
        "'rec_' || lpad((hashint8(i + 7) & 1048575)::text, 26, '0'), "
        "CASE WHEN i % 97 = 0 THEN 2 WHEN i % 501 = 0 THEN 3 ELSE 1 END, "
        "convert_to(repeat('{\"event_id\":\"evt_01h455vb4pex5vsknk084sn02q\"}', 8), 'UTF8'), "
        "'10.0.' || (hashint8(i + 13) & 63) || '.' || (hashint8(i + 17) & 255), '\\x00', "
        "i / 3 FROM generate_series(",
        at, ", ", std::min(at + kStep, events) - 1, ") i"));
    fprintf(stderr, "\rloaded %lld", static_cast<long long>(std::min(at + kStep, events)));
  }
  fprintf(stderr, ", now vacuuming\n");
  kasbah.Query("VACUUM ANALYZE audit.event");
}

struct Case {
  std::string name;
  std::function<void(EventFilter&)> set;
};

std::vector<Case> Cases() {
  const auto actor = [](int n) { return StrCat("usr_", std::string(23, '0'), n); };
  return {
      {"everything", [](EventFilter&) {}},
      {"one actor", [=](EventFilter& f) { f.actor_ids = {actor(517)}; }},
      {"three actors",
       [=](EventFilter& f) {
         f.actor_ids = {actor(517), actor(518), actor(519)};
       }},
      {"one action", [](EventFilter& f) { f.actions = {"secret.grant"}; }},
      {"a prefix", [](EventFilter& f) { f.actions = {"secret."}; }},
      {"one target",
       [](EventFilter& f) { f.target_id = StrCat("rec_", std::string(20, '0'), 123456); }},
      {"denied", [](EventFilter& f) { f.outcome = 2; }},
      {"success", [](EventFilter& f) { f.outcome = 1; }},
      {"one address", [](EventFilter& f) { f.source_address = "10.0.17.33"; }},
      {"actor and action",
       [=](EventFilter& f) {
         f.actor_ids = {actor(517)};
         f.actions = {"secret.grant"};
       }},
      {"prefix and denied",
       [](EventFilter& f) {
         f.actions = {"app.invoice."};
         f.outcome = 2;
       }},
      {"nothing fits",
       [=](EventFilter& f) {
         f.actor_ids = {actor(517)};
         f.actions = {"no.such"};
       }},
  };
}

struct Page {
  double median_ms = 0;
  double worst_ms = 0;
  size_t found = 0;
  bool stopped = false;
};

Page Measure(postgres::Database& database, TenantId tenant, const EventFilter& filter,
             EventOrder order) {
  std::vector<double> took;
  Page measured;
  for (int i = 0; i < kRuns; ++i) {
    const absl::Time start = absl::Now();
    const CallContext call =
        CallContext::ForBackground("service/audit", tenant, start + absl::Minutes(1));
    const auto page = database.WithTenant(
        call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<EventPage>> {
          const auto search = EventSearch::Prepare(tx, tenant, filter);
          if (!search.ok()) return search.status();
          return search->List(tx, tenant, search->range(), order, kPageSize);
        });
    if (!page.ok()) Crash(page.status().ToString(), __FILE__, __LINE__);
    took.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
    measured.found = page->records.size();
    measured.stopped = page->stopped_at.has_value();
  }
  std::sort(took.begin(), took.end());
  measured.median_ms = took[took.size() / 2];
  measured.worst_ms = took.back();
  return measured;
}

}  // namespace

std::string MeasureSearch(Installation& kasbah, int64_t events) {
  const TenantId tenant = kasbah.MakeTenants(1).front();
  Load(kasbah, tenant, events);
  const dev::Installation& installation = kasbah.supervisor().installation();
  postgres::PoolOptions options;
  options.dsn = StrCat("host=127.0.0.1 port=", kasbah.supervisor().postgres_port(),
                       " dbname=kasbah user=kasbah_audit");
  options.password_file = installation.password_file("kasbah_audit");
  const auto database = postgres::Database::Open(options, absl::Now() + absl::Seconds(20));
  if (!database.ok()) Crash(database.status().ToString(), __FILE__, __LINE__);

  std::string table;
  for (const Case& one : Cases()) {
    for (const auto& [range, days] :
         std::vector<std::pair<std::string, int>>{{"a day", 1}, {"a month", 30}, {"all", 0}}) {
      for (const EventOrder order : {EventOrder::kNewestFirst, EventOrder::kOldestFirst}) {
        EventFilter filter;
        one.set(filter);
        if (days > 0) {
          filter.start = kFirst + kSpan / 2;
          filter.end = *filter.start + absl::Hours(24) * days;
        }
        const Page page = Measure(**database, tenant, filter, order);
        absl::StrAppendFormat(
            &table, "%-18s %-8s %-7s %8.2f ms  worst %8.2f ms  %zu found%s\n", one.name, range,
            order == EventOrder::kNewestFirst ? "newest" : "oldest", page.median_ms, page.worst_ms,
            page.found, page.stopped ? ", and more to look at" : "");
      }
    }
  }
  return table;
}

}  // namespace kasbah::bench
