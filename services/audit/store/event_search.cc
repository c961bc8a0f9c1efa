#include "services/audit/store/event_search.h"

#include <algorithm>
#include <utility>

#include "libs/base/status_macros.h"
#include "services/audit/domain/request_key.h"

namespace kasbah::audit {
namespace {

using postgres::Statement;

// A prefix that stands for more actions than this is looked at event by event.
constexpr int kMostActions = 64;

// The statements differ in what leads, in order and in leaves. For each value of the leading
// condition ($8), at most $7 events are read in the order of the sequence; of those the ones that
// fulfil the other conditions come out, and the last one read, if it was the $7th, to say so. RLS
// and the planner: only the inmost conditions have to find an index, and all of them are leakproof.
// $1 tenant, $2 and $3 the range, $4 and $5 its times, $6 the limit; of the rest null does not
// narrow: $9 actors, $10 actions, $11 and $12 prefixes of actions and where they end, $13 target,
// $14 outcome, $15 address, $16 request.
#define AUDIT_MATCH                                                                                \
  "coalesce(($9 IS NULL OR scanned.actor_id = ANY ($9))"                                           \
  " AND ($10 IS NULL OR scanned.action = ANY ($10) OR EXISTS ("                                    \
  "SELECT FROM unnest($11, $12) AS prefix (first, past) WHERE"                                     \
  " scanned.action >= prefix.first COLLATE \"C\" AND scanned.action < prefix.past COLLATE \"C\"))" \
  " AND ($13 IS NULL OR scanned.target_id = $13)"                                                  \
  " AND ($14 IS NULL OR scanned.outcome = $14)"                                                    \
  " AND ($15 IS NULL OR scanned.source_address = $15)"                                             \
  " AND ($16 IS NULL OR scanned.request_key = $16), false)"
#define AUDIT_SCANNED(leading, order)                                              \
  "SELECT scanned.*, " AUDIT_MATCH                                                 \
  " AS matches FROM ("                                                             \
  "SELECT e.seq, e.recorded_at, e.body, e.source_address, e.source_address_salt,"  \
  " e.user_agent, e.user_agent_salt, e.actor_display, e.actor_display_salt,"       \
  " e.actor_id, e.action, e.target_id, e.outcome, e.request_key,"                  \
  " row_number() OVER (ORDER BY e.seq" order                                       \
  ") AS n FROM audit.event e"                                                      \
  " WHERE e.tenant_id = $1" leading                                                \
  " AND e.seq >= $2 AND e.seq < $3 AND e.recorded_at >= $4 AND e.recorded_at < $5" \
  " ORDER BY e.seq" order " LIMIT $7) scanned WHERE " AUDIT_MATCH                  \
  " OR scanned.n = $7 ORDER BY scanned.seq" order " LIMIT $6"
#define AUDIT_SEARCH(name, values, leading, order, leaf, join)                           \
  {                                                                                      \
    name,                                                                                \
        "SELECT s.seq, s.recorded_at, s.body, s.source_address, s.source_address_salt,"  \
        " s.user_agent, s.user_agent_salt, s.actor_display, s.actor_display_salt, " leaf \
        ", s.matches, s.n = $7 FROM " values                                             \
        " AS wanted (value) CROSS JOIN LATERAL (" AUDIT_SCANNED(                         \
            leading, order) ") s " join " ORDER BY s.seq" order " LIMIT $6"              \
  }
#define AUDIT_LEADS(name, order, leaf, join)                                                      \
  {                                                                                               \
    AUDIT_SEARCH(name ".request", "unnest($8)", " AND e.request_key = wanted.value", order, leaf, \
                 join),                                                                           \
        AUDIT_SEARCH(name ".target", "unnest($8)",                                                \
                     " AND e.target_id = wanted.value COLLATE \"C\"", order, leaf, join),         \
        AUDIT_SEARCH(name ".source", "unnest($8)",                                                \
                     " AND e.source_address = wanted.value COLLATE \"C\"", order, leaf, join),    \
        AUDIT_SEARCH(name ".actor", "unnest($8)", " AND e.actor_id = wanted.value COLLATE \"C\"", \
                     order, leaf, join),                                                          \
        AUDIT_SEARCH(name ".action", "unnest($8)", " AND e.action = wanted.value COLLATE \"C\"",  \
                     order, leaf, join),                                                          \
        AUDIT_SEARCH(name ".outcome", "unnest($8)",                                               \
                     " AND e.outcome = wanted.value AND e.outcome <> 1", order, leaf, join),      \
        AUDIT_SEARCH(name ".place", "unnest($8)", "", order, leaf, join),                         \
  }

constexpr Statement kNewest[] = AUDIT_LEADS("search.newest", " DESC", "NULL::bytea", "");
constexpr Statement kOldest[] = AUDIT_LEADS("search.oldest", "", "NULL::bytea", "");
constexpr Statement kWithLeaves[] =
    AUDIT_LEADS("search.leaves", "", "l.leaf",
                "LEFT JOIN audit.leaf l ON l.tenant_id = $1 AND l.seq = s.seq AND l.recorded_at = "
                "s.recorded_at");

// recorded_at never decreases along the sequence, so a time is a place in it.
constexpr Statement kPlaceOf = {"search.place_of", R"sql(
  SELECT seq FROM audit.event
  WHERE tenant_id = $1 AND recorded_at >= $2
  ORDER BY recorded_at, seq LIMIT 1)sql"};

// From one action to the next along the index, an index's descent for each; at most $4. The times
// are whole months: they say which partitions to look into, and hold for every event in them.
constexpr Statement kActionsOf = {"search.actions_of", R"sql(
  WITH RECURSIVE found (action, n) AS (
    (SELECT e.action, 1 FROM audit.event e
     WHERE e.tenant_id = $1 AND e.action >= $2 AND e.action < $3
       AND e.recorded_at >= $5 AND e.recorded_at < $6
     ORDER BY e.action LIMIT 1)
    UNION ALL
    SELECT next.action, found.n + 1 FROM found CROSS JOIN LATERAL (
      SELECT e.action FROM audit.event e
      WHERE e.tenant_id = $1 AND e.action > found.action AND e.action < $3
        AND e.recorded_at >= $5 AND e.recorded_at < $6
      ORDER BY e.action LIMIT 1) next
    WHERE found.n < $4)
  SELECT action FROM found)sql"};

// The number of the first event at or after a time; where there is none, past every event.
postgres::Pending<uint64_t> PlaceOf(postgres::Transaction& tx, TenantId tenant, absl::Time time) {
  return tx.Run(kPlaceOf, tenant, time).Map([](const postgres::Result& result) -> uint64_t {
    return result.empty() ? INT64_MAX : result[0].Get<uint64_t>(0);
  });
}

postgres::Pending<std::vector<std::string>> ActionsOf(postgres::Transaction& tx, TenantId tenant,
                                                      const std::string& prefix, absl::Time start,
                                                      absl::Time end) {
  return tx.Run(kActionsOf, tenant, prefix, PrefixEnd(prefix), kMostActions + 1, start, end)
      .Map([](const postgres::Result& result) {
        std::vector<std::string> actions;
        for (const postgres::Row row : result) actions.push_back(row.Get<std::string>(0));
        return actions;
      });
}

absl::Time MonthOf(absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return time;
  return absl::FromCivil(absl::ToCivilMonth(time, absl::UTCTimeZone()), absl::UTCTimeZone());
}

absl::Time MonthAfter(absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return time;
  return absl::FromCivil(absl::ToCivilMonth(time, absl::UTCTimeZone()) + 1, absl::UTCTimeZone());
}

// What is stored has microseconds: a bound between two of them counts from the next.
absl::Time Bound(absl::Time time) {
  return absl::FromUnixMicros(absl::ToUnixMicros(time + absl::Nanoseconds(999)));
}

std::optional<std::vector<std::string>> IfAny(const std::vector<std::string>& values) {
  return values.empty() ? std::nullopt : std::optional(values);
}

}  // namespace

EventSearch::EventSearch(const EventFilter& filter) : filter_(filter) {}

EventSearch EventSearch::AlongTheLog(const EventFilter& filter) { return EventSearch(filter); }

absl::StatusOr<EventSearch> EventSearch::Prepare(postgres::Transaction& tx, TenantId tenant,
                                                 const EventFilter& filter, SequenceRange within) {
  EventSearch search(filter);
  search.range_ = within;
  std::optional<postgres::Pending<uint64_t>> first, past;
  if (filter.start) {
    search.start_ = Bound(*filter.start);
    first = PlaceOf(tx, tenant, search.start_);
  }
  if (filter.end) {
    search.end_ = Bound(*filter.end);
    past = PlaceOf(tx, tenant, search.end_);
  }
  std::vector<postgres::Pending<std::vector<std::string>>> expanded;
  for (const std::string& prefix : filter.ActionPrefixes()) {
    expanded.push_back(
        ActionsOf(tx, tenant, prefix, MonthOf(search.start_), MonthAfter(search.end_)));
  }
  std::vector<std::string> actions = filter.ExactActions();
  bool told = true;
  for (auto& pending : expanded) {
    ASSIGN_OR_RETURN(const std::vector<std::string> some, pending.Await());
    if (some.size() > kMostActions) told = false;
    actions.insert(actions.end(), some.begin(), some.end());
  }
  if (told && !filter.actions.empty()) {
    std::sort(actions.begin(), actions.end());
    actions.erase(std::unique(actions.begin(), actions.end()), actions.end());
    search.all_actions_ = std::move(actions);
  }
  if (first) {
    ASSIGN_OR_RETURN(const uint64_t place, first->Await());
    search.range_.first = std::max(search.range_.first, place);
  }
  if (past) {
    ASSIGN_OR_RETURN(const uint64_t place, past->Await());
    search.range_.past = std::min(search.range_.past, place);
  }
  search.Lead();
  return search;
}

void EventSearch::Lead() {
  // Success is what nearly every event has: no index leads with it.
  constexpr int kSuccess = outbox::v1::OUTCOME_SUCCESS;
  if (filter_.request_id) {
    leading_ = kByRequest;
    numbers_ = {RequestKeyOf(*filter_.request_id)};
  } else if (filter_.target_id) {
    leading_ = kByTarget;
    texts_ = {*filter_.target_id};
  } else if (filter_.source_address) {
    leading_ = kBySource;
    texts_ = {*filter_.source_address};
  } else if (!filter_.actor_ids.empty()) {
    leading_ = kByActor;
    texts_ = filter_.actor_ids;
  } else if (filter_.outcome && *filter_.outcome != kSuccess) {
    leading_ = kByOutcome;
    numbers_ = {*filter_.outcome};
  } else if (all_actions_) {
    leading_ = kByAction;
    texts_ = *all_actions_;
  }
}

postgres::Pending<EventPage> EventSearch::List(postgres::Transaction& tx, TenantId tenant,
                                               SequenceRange range, EventOrder order,
                                               int limit) const {
  const bool newest = order == EventOrder::kNewestFirst;
  return Run(newest ? kNewest[leading_] : kOldest[leading_], tx, tenant, range, limit);
}

postgres::Pending<EventPage> EventSearch::ListWithLeaves(postgres::Transaction& tx, TenantId tenant,
                                                         SequenceRange range, int limit) const {
  return Run(kWithLeaves[leading_], tx, tenant, range, limit);
}

postgres::Pending<EventPage> EventSearch::Run(const Statement& statement, postgres::Transaction& tx,
                                              TenantId tenant, SequenceRange range,
                                              int limit) const {
  // Actions that are all told need no prefixes.
  std::vector<std::string> prefixes, prefix_ends;
  if (!all_actions_) prefixes = filter_.ActionPrefixes();
  for (const std::string& prefix : prefixes) prefix_ends.push_back(PrefixEnd(prefix));
  std::optional<std::vector<std::string>> actions = all_actions_;
  if (!actions && !filter_.actions.empty()) actions = filter_.ExactActions();
  std::optional<int64_t> outcome, request;
  if (filter_.outcome) outcome = *filter_.outcome;
  if (filter_.request_id) request = RequestKeyOf(*filter_.request_id);

  const auto run = [&](const auto& values) {
    const int budget = std::max(kMostScanned / std::max(static_cast<int>(values.size()), 1), limit);
    return tx.Run(statement, tenant, range.first, range.past, start_, end_, limit, budget, values,
                  IfAny(filter_.actor_ids), actions, prefixes, prefix_ends, filter_.target_id,
                  outcome, filter_.source_address, request);
  };
  const bool numeric = leading_ == kByRequest || leading_ == kByOutcome || leading_ == kByPlace;
  const std::vector<int64_t> one_place = {0};
  auto pending = numeric ? run(leading_ == kByPlace ? one_place : numbers_) : run(texts_);
  return std::move(pending).Map(
      [request_id = filter_.request_id, limit](const postgres::Result& result) {
        EventPage page;
        bool left_out = false;
        for (const postgres::Row row : result) {
          if (row.Get<bool>(10)) {
            EventRecord record = event_store::RecordOf(row);
            // Ids may share a key.
            if (!request_id || BodyHasRequest(record.body, *request_id)) {
              page.records.push_back(std::move(record));
            } else {
              left_out = true;
            }
          }
          if (!row.Get<bool>(11)) continue;
          // What is past this was not looked at for each value.
          page.stopped_at = row.Get<uint64_t>(0);
          break;
        }
        if (left_out && !page.stopped_at && result.size() >= limit) {
          page.stopped_at = result[result.size() - 1].Get<uint64_t>(0);
        }
        return page;
      });
}

}  // namespace kasbah::audit
