#include "services/tenant_data/store/record_query.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "services/tenant_data/domain/paired_index.h"
#include "services/tenant_data/store/byte_window.h"
#include "services/tenant_data/store/filter_sql.h"
#include "services/tenant_data/store/record_rows.h"

namespace kasbah::tenantdata {
namespace {

using postgres::ComposedQuery;
using postgres::SqlLiteral;
using Ranges = std::vector<const Comparison*>;

// Empty when a record may hold to `filter` and lie in no range of an index.
Ranges RangesOf(const Filter& filter) {
  if (IsRange(filter)) return {&filter.comparison};
  Ranges ranges;
  if (filter.kind == Filter::Kind::kAll) {
    for (const Filter& child : filter.children) {
      Ranges found = RangesOf(child);
      if (!found.empty()) return found;
    }
  } else if (filter.kind == Filter::Kind::kAny) {
    for (const Filter& child : filter.children) {
      const Ranges found = RangesOf(child);
      if (found.empty()) return {};
      ranges.insert(ranges.end(), found.begin(), found.end());
    }
  }
  return ranges;
}

bool IsOfOrder(const Listing& listing, const Filter& filter) {
  return listing.order.field && IsRange(filter) && filter.comparison.field == *listing.order.field;
}

// Every comparison in it is one of its ranges.
bool IsWhole(const Filter& filter) {
  if (filter.kind == Filter::Kind::kComparison) return IsRange(filter);
  if (filter.kind != Filter::Kind::kAny) return false;
  for (const Filter& child : filter.children) {
    if (!IsWhole(child)) return false;
  }
  return true;
}

// The policies ask for a call's customer too, in a way that no index serves.
void AddCustomer(const Listing& listing, ComposedQuery* query) {
  if (listing.customer) query->Add(" AND i.customer_id = ").Value(*listing.customer);
}

void AddLive(const CallContext& call, const Listing& listing, ComposedQuery* query) {
  query->Add("tenant_data.records i WHERE i.tenant_id = ").Value(call.tenant);
  query->Add(" AND i.collection_id = ").Value(listing.collection);
  query->Add(" AND i.deleted_at IS NULL");
  AddCustomer(listing, query);
}

// The candidate's ranges, each one stretch of an index: of a sealed value one for each version of
// the key that there is.
std::vector<Comparison> StretchesOf(const Candidate& candidate) {
  std::vector<Comparison> stretches;
  for (const Comparison* range : candidate.ranges) {
    stretches.push_back(*range);
    if (range->blind.size() < 2) continue;
    stretches.pop_back();
    for (const std::string& blind : range->blind) stretches.emplace_back(*range).blind = {blind};
  }
  return stretches;
}

void AddFound(const CallContext& call, const Listing& listing, const Candidate& candidate,
              ComposedQuery* query) {
  if (candidate.ranges.empty()) {
    query->Add("SELECT i.record_id FROM ");
    return AddLive(call, listing, query);
  }
  bool is_first = true;
  for (const Comparison& stretch : StretchesOf(candidate)) {
    if (!std::exchange(is_first, false)) query->Add(" UNION ALL ");
    query->Add("SELECT i.record_id FROM tenant_data.record_index i WHERE ");
    AddRange("i", call, stretch, query);
    AddCustomer(listing, query);
  }
}

// Once each. OFFSET 0: what stands around it, an order or a cursor, is not to choose the index.
void AddGathered(const CallContext& call, const Listing& listing, const Candidate& candidate,
                 ComposedQuery* query) {
  const bool may_repeat = StretchesOf(candidate).size() > 1;
  query->Add(may_repeat ? SqlLiteral("(SELECT DISTINCT u.record_id FROM (") : "(");
  AddFound(call, listing, candidate, query);
  query->Add(may_repeat ? SqlLiteral(" OFFSET 0) AS u)") : " OFFSET 0)");
}

// Which records a page has is found out in the index alone; the records themselves are read last,
// and only those.
class PageSql {
 public:
  PageSql(const CallContext& call, const Listing& listing, const Source& source, bool lacks_value)
      : call_(call),
        listing_(listing),
        source_(source),
        by_value_(listing.order.field && !lacks_value),
        lacks_value_(listing.order.field && lacks_value) {}

  ComposedQuery Page(const Stretch& stretch, int64_t limit) {
    query_.Add(KASBAH_RECORD ", r.value, r.is_followed " KASBAH_WINDOW("s.*") KASBAH_RECORD
               ", k.value, k.record_id AS key FROM (SELECT i.record_id, i.value FROM (");
    AddRows(stretch);
    AddOrder();
    // A LIMIT even where none is asked for: what stands around it is not to choose the index.
    query_.Add(" LIMIT ").Value(stretch.scan > 0 ? stretch.scan : kAll);
    query_.Add(") AS i WHERE true");
    AddFilter();
    AddOrder();
    query_.Add(" LIMIT ").Value(limit);
    query_.Add(
        ") AS k CROSS JOIN LATERAL (SELECT * FROM tenant_data.records s WHERE s.tenant_id = ");
    query_.Value(call_.tenant).Add(" AND s.record_id = k.record_id OFFSET 0) AS r");
    if (!by_value_) {
      query_.Add(KASBAH_WINDOW_END("p.key"));
    } else {
      query_.Add(listing_.order.descending
                     ? SqlLiteral(KASBAH_WINDOW_END("p.value DESC, p.key DESC"))
                     : KASBAH_WINDOW_END("p.value, p.key"));
    }
    return std::move(query_);
  }

  ComposedQuery End(const Stretch& stretch) {
    query_.Add("SELECT i.value, i.record_id FROM (");
    AddRows(stretch);
    query_.Add(") AS i");
    AddOrder();
    query_.Add(" OFFSET ").Value(stretch.scan - 1).Add(" LIMIT 1");
    return std::move(query_);
  }

  ComposedQuery Count(int64_t limit) {
    query_.Add("SELECT count(*) FROM (SELECT FROM (");
    AddRows(Stretch());
    query_.Add(") AS i WHERE true");
    AddFilter();
    query_.Add(" LIMIT ").Value(limit).Add(") AS counted");
    return std::move(query_);
  }

 private:
  static constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

  // Rows of the source with their values, within the stretch.
  void AddRows(const Stretch& stretch) {
    if (by_value_) return AddRowsByValue(stretch);
    query_.Add("SELECT i.record_id, NULL::bigint AS value");
    switch (source_.kind) {
      case Source::Kind::kGather:
        query_.Add(" FROM ");
        AddGathered(call_, listing_, source_.candidate, &query_);
        query_.Add(" AS i WHERE true");
        break;
      case Source::Kind::kWalkEqual:
        query_.Add(" FROM tenant_data.record_index i WHERE ");
        AddRange("i", call_, *source_.candidate.ranges.front(), &query_);
        AddCustomer(listing_, &query_);
        break;
      case Source::Kind::kWalkField: {
        const Comparison& walked = *source_.candidate.ranges.front();
        query_.Add(", i.").Add(NameOf(walked.column));
        query_.Add(" FROM tenant_data.record_index i WHERE ");
        AddOfField("i", call_, walked.field, &query_);
        AddCustomer(listing_, &query_);
        break;
      }
      case Source::Kind::kWalk:
      case Source::Kind::kWalkAmong:
        query_.Add(" FROM ");
        AddLive(call_, listing_, &query_);
        break;
    }
    query_.Add(" AND i.record_id > ").Value(stretch.after.record);
    if (stretch.until) query_.Add(" AND i.record_id <= ").Value(stretch.until->record);
  }

  void AddRowsByValue(const Stretch& stretch) {
    const SqlLiteral column = NameOf(listing_.order.column);
    query_.Add("SELECT i.record_id, i.").Add(column).Add(" AS value FROM ");
    if (source_.kind == Source::Kind::kGather) {
      // OFFSET 0: each value is looked up once, however much is asked of it around this.
      query_.Add("(SELECT f.record_id, ");
      AddValue(call_, PresenceOf(listing_.order).field, listing_.order.column, "f.record_id",
               &query_);
      query_.Add(" AS ").Add(column).Add(" FROM ");
      AddGathered(call_, listing_, source_.candidate, &query_);
      query_.Add(" AS f OFFSET 0) AS i WHERE ");
      AddComparison("i", PresenceOf(listing_.order), &query_);
    } else {
      query_.Add("tenant_data.record_index i WHERE ");
      AddRange("i", call_, PresenceOf(listing_.order), &query_);
      AddCustomer(listing_, &query_);
    }
    for (const Filter* conjunct : ConjunctsOf(listing_.filter)) {
      if (!IsOfOrder(listing_, *conjunct)) continue;
      query_.Add(" AND ");
      AddComparison("i", conjunct->comparison, &query_);
    }
    AddValueBounds(stretch);
  }

  void AddValueBounds(const Stretch& stretch) {
    const bool descending = listing_.order.descending;
    const IndexKey& value = stretch.after.value;
    if (value.text || value.integer || value.time) {
      AddBound(descending ? SqlLiteral(" < ") : " > ", stretch.after);
    }
    if (stretch.until) AddBound(descending ? SqlLiteral(" >= ") : " <= ", *stretch.until);
  }

  void AddBound(SqlLiteral sign, const Cursor& cursor) {
    query_.Add(" AND (i.").Add(NameOf(listing_.order.column)).Add(", i.record_id)").Add(sign);
    query_.Add("(");
    AddKey(cursor.value, &query_);
    query_.Add(", ").Value(cursor.record).Add(")");
  }

  // What the source does not see to by itself.
  void AddFilter() {
    if (source_.kind == Source::Kind::kWalkField) AddWalked();
    if (source_.kind == Source::Kind::kWalkAmong) AddAmong();
    for (const Filter* conjunct : ConjunctsOf(listing_.filter)) {
      const bool is_met =
          source_.kind != Source::Kind::kWalk && conjunct == source_.candidate.whole;
      if (is_met || (by_value_ && IsOfOrder(listing_, *conjunct))) continue;
      query_.Add(" AND ");
      AddPredicate(call_, *conjunct, &query_);
    }
    if (!lacks_value_) return;
    query_.Add(" AND NOT ");
    AddHas(call_, PresenceOf(listing_.order), &query_);
  }

  void AddWalked() {
    for (size_t i = 0; i < source_.candidate.ranges.size(); ++i) {
      query_.Add(i == 0 ? SqlLiteral(" AND (") : " OR ");
      AddComparison("i", *source_.candidate.ranges[i], &query_);
    }
    query_.Add(")");
  }

  // IS TRUE: else the planner makes a join of it, and loops where it may not hash one. By the LIMIT
  // it knows that the set fits in core.plan_composed's work_mem.
  void AddAmong() {
    query_.Add(" AND (i.record_id IN (");
    AddFound(call_, listing_, source_.candidate, &query_);
    query_.Add(" LIMIT 50000) IS TRUE)");
  }

  void AddOrder() {
    if (!by_value_) {
      query_.Add(" ORDER BY record_id");
    } else {
      query_.Add(listing_.order.descending ? SqlLiteral(" ORDER BY value DESC, record_id DESC")
                                           : " ORDER BY value, record_id");
    }
  }

  const CallContext& call_;
  const Listing& listing_;
  const Source& source_;
  const bool by_value_;
  const bool lacks_value_;
  ComposedQuery query_;
};

// A pair that the conjunct is one value of.
std::optional<FieldId> PlaceIn(const Order& order, const Filter& conjunct) {
  if (conjunct.kind != Filter::Kind::kComparison) return std::nullopt;
  const Comparison& comparison = conjunct.comparison;
  if (comparison.op != FilterOp::kEquals || comparison.column == IndexColumn::kBlind) {
    return std::nullopt;
  }
  const auto& paired = order.paired;
  if (std::find(paired.begin(), paired.end(), comparison.field) == paired.end()) {
    return std::nullopt;
  }
  return PlaceOf(PairOf(comparison.field, *order.field), comparison.key);
}

}  // namespace

Listing ThroughPair(const Listing& listing) {
  Listing through = listing;
  for (const Filter* conjunct : ConjunctsOf(listing.filter)) {
    const std::optional<FieldId> place = PlaceIn(listing.order, *conjunct);
    if (!place) continue;
    through.order.place = place;
    through.filter = Filter();
    for (const Filter* other : ConjunctsOf(listing.filter)) {
      if (other != conjunct) through.filter.children.push_back(*other);
    }
    break;
  }
  return through;
}

std::vector<Candidate> CandidatesOf(const Listing& listing) {
  std::vector<Candidate> candidates;
  for (const Filter* conjunct : ConjunctsOf(listing.filter)) {
    if (IsOfOrder(listing, *conjunct)) continue;
    Ranges ranges = RangesOf(*conjunct);
    if (ranges.empty()) continue;
    candidates.push_back({std::move(ranges), IsWhole(*conjunct) ? conjunct : nullptr});
  }
  return candidates;
}

bool IsEqualValue(const Candidate& candidate) {
  if (candidate.ranges.size() != 1 || candidate.whole == nullptr) return false;
  const Comparison& only = *candidate.ranges.front();
  return only.op == FilterOp::kEquals &&
         (only.column != IndexColumn::kBlind || only.blind.size() == 1);
}

bool IsOfOneField(const Candidate& candidate) {
  if (candidate.whole == nullptr) return false;
  for (const Comparison* range : candidate.ranges) {
    if (range->field != candidate.ranges.front()->field) return false;
  }
  return true;
}

ComposedQuery ProbeQuery(const CallContext& call, const Listing& listing,
                         const std::vector<Candidate>& candidates, int64_t limit) {
  ComposedQuery query;
  query.Add("SELECT ");
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i > 0) query.Add(", ");
    query.Add("(SELECT count(*) FROM (");
    AddFound(call, listing, candidates[i], &query);
    query.Add(" LIMIT ").Value(limit).Add(") AS probed)");
  }
  return query;
}

ComposedQuery PageQuery(const CallContext& call, const Listing& listing, const Source& source,
                        const Stretch& stretch, int64_t limit) {
  return PageSql(call, listing, source, stretch.after.lacks_value).Page(stretch, limit);
}

ComposedQuery EndQuery(const CallContext& call, const Listing& listing, const Source& source,
                       const Stretch& stretch) {
  return PageSql(call, listing, source, stretch.after.lacks_value).End(stretch);
}

ComposedQuery CountQuery(const CallContext& call, const Listing& listing, const Source& source,
                         int64_t limit) {
  return PageSql(call, listing, source, /*lacks_value=*/false).Count(limit);
}

}  // namespace kasbah::tenantdata
