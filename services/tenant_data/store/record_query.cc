#include "services/tenant_data/store/record_query.h"

#include "services/tenant_data/store/record_rows.h"

namespace kasbah::tenantdata {
namespace {

using postgres::ComposedQuery;
using postgres::OwnedBytes;
using postgres::SqlLiteral;

SqlLiteral NameOf(IndexColumn column) {
  switch (column) {
    case IndexColumn::kText:
      return "v_text";
    case IndexColumn::kInteger:
      return "v_int";
    case IndexColumn::kTime:
      return "v_ts";
    case IndexColumn::kBlind:
      break;
  }
  return "v_blind";
}

SqlLiteral SignOf(FilterOp op) {
  switch (op) {
    case FilterOp::kDiffers:
      return " <> ";
    case FilterOp::kLess:
      return " < ";
    case FilterOp::kLessOrEqual:
      return " <= ";
    case FilterOp::kGreater:
      return " > ";
    case FilterOp::kGreaterOrEqual:
      return " >= ";
    case FilterOp::kPrefix:
      return " ^@ ";
    case FilterOp::kEquals:
    case FilterOp::kPresent:
      break;
  }
  return " = ";
}

void AddKey(const IndexKey& key, ComposedQuery* query) {
  if (key.text) {
    query->Value(*key.text);
  } else if (key.integer) {
    query->Value(*key.integer);
  } else {
    query->Value(*key.time);
  }
}

// The comparison as a condition on an index row; each is leakproof, and so an index condition.
void AddRange(SqlLiteral alias, const CallContext& call, const Comparison& comparison,
              ComposedQuery* query) {
  query->Add(alias).Add(".tenant_id = ").Value(call.tenant);
  query->Add(" AND ").Add(alias).Add(".field_id = ").Value(comparison.field);
  // So that the column's own index serves.
  query->Add(" AND ").Add(alias).Add(".").Add(NameOf(comparison.column)).Add(" IS NOT NULL");
  if (comparison.op == FilterOp::kPresent) return;
  query->Add(" AND ").Add(alias).Add(".").Add(NameOf(comparison.column));
  if (comparison.column == IndexColumn::kBlind) {
    std::vector<OwnedBytes> blind;
    for (const std::string& index : comparison.blind) blind.push_back({index});
    query->Add(" = ANY(").Value(blind).Add(")");
    return;
  }
  query->Add(SignOf(comparison.op));
  AddKey(comparison.key, query);
}

// OFFSET 0 keeps it a look-up by record: as a join the planner might read all of the field's index.
void AddHas(const CallContext& call, const Comparison& comparison, ComposedQuery* query) {
  query->Add("EXISTS (SELECT FROM tenant_data.record_index x WHERE x.record_id = r.record_id AND ");
  AddRange("x", call, comparison, query);
  query->Add(" OFFSET 0)");
}

void AddPredicate(const CallContext& call, const Filter& filter, ComposedQuery* query) {
  switch (filter.kind) {
    case Filter::Kind::kComparison:
      return AddHas(call, filter.comparison, query);
    case Filter::Kind::kNot:
      query->Add("NOT (");
      AddPredicate(call, filter.children.front(), query);
      query->Add(")");
      return;
    case Filter::Kind::kAll:
    case Filter::Kind::kAny:
      break;
  }
  if (filter.children.empty()) {
    query->Add("true");
    return;
  }
  query->Add("(");
  for (size_t i = 0; i < filter.children.size(); ++i) {
    if (i > 0) query->Add(filter.kind == Filter::Kind::kAll ? SqlLiteral(" AND ") : " OR ");
    AddPredicate(call, filter.children[i], query);
  }
  query->Add(")");
}

bool IsRange(const Filter& filter) {
  return filter.kind == Filter::Kind::kComparison && filter.comparison.op != FilterOp::kDiffers &&
         filter.comparison.op != FilterOp::kPresent;
}

// Empty when a record may hold to `filter` and lie in no range of an index.
Candidate RangesOf(const Filter& filter) {
  if (IsRange(filter)) return {&filter.comparison};
  Candidate ranges;
  if (filter.kind == Filter::Kind::kAll) {
    for (const Filter& child : filter.children) {
      Candidate found = RangesOf(child);
      if (!found.empty()) return found;
    }
  } else if (filter.kind == Filter::Kind::kAny) {
    for (const Filter& child : filter.children) {
      const Candidate found = RangesOf(child);
      if (found.empty()) return {};
      ranges.insert(ranges.end(), found.begin(), found.end());
    }
  }
  return ranges;
}

std::vector<const Filter*> ConjunctsOf(const Filter& filter) {
  if (filter.kind != Filter::Kind::kAll) return {&filter};
  std::vector<const Filter*> conjuncts;
  for (const Filter& child : filter.children) {
    for (const Filter* conjunct : ConjunctsOf(child)) conjuncts.push_back(conjunct);
  }
  return conjuncts;
}

bool IsOfOrder(const Listing& listing, const Filter& filter) {
  return listing.order.field && IsRange(filter) && filter.comparison.field == *listing.order.field;
}

void AddFound(const CallContext& call, const Candidate& candidate, ComposedQuery* query) {
  for (size_t i = 0; i < candidate.size(); ++i) {
    if (i > 0) query->Add(" UNION ALL ");
    query->Add("SELECT i.record_id FROM tenant_data.record_index i WHERE ");
    AddRange("i", call, *candidate[i], query);
  }
}

// Records r of the source, and what the filter asks of them.
class PageSql {
 public:
  PageSql(const CallContext& call, const Listing& listing, const Source& source)
      : call_(call), listing_(listing), source_(source) {}

  ComposedQuery Page(const Cursor& after, int64_t limit) {
    const bool by_value = listing_.order.field && !after.lacks_value;
    if (source_.kind == Source::Kind::kGather) AddGathered();
    query_.Add(KASBAH_RECORD);
    if (by_value) {
      query_.Add(", i.").Add(NameOf(listing_.order.column));
    } else {
      query_.Add(", NULL::bigint");
    }
    AddFrom(by_value);
    AddFilter(by_value);
    if (listing_.order.field && after.lacks_value) AddLacks();
    by_value ? AddAfterValue(after) : AddAfterRecord(after);
    AddOrder(by_value);
    query_.Add(" LIMIT ").Value(limit);
    return std::move(query_);
  }

  ComposedQuery Count(int64_t limit) {
    if (source_.kind == Source::Kind::kGather) AddGathered();
    query_.Add("SELECT count(*) FROM (SELECT ");
    AddFrom(/*by_value=*/false);
    AddFilter(/*by_value=*/false);
    query_.Add(" LIMIT ").Value(limit).Add(") AS counted");
    return std::move(query_);
  }

 private:
  void AddGathered() {
    query_.Add("WITH found AS MATERIALIZED (SELECT DISTINCT u.record_id FROM (");
    AddFound(call_, source_.candidate, &query_);
    query_.Add(") AS u) ");
  }

  void AddFrom(bool by_value) {
    const bool gathered = source_.kind == Source::Kind::kGather;
    const bool by_index = by_value || source_.kind == Source::Kind::kWalkEqual;
    query_.Add(" FROM ");
    if (gathered) query_.Add("found JOIN ");
    if (by_index && !gathered) {
      query_.Add(
          "tenant_data.record_index i JOIN tenant_data.records r ON r.record_id = i.record_id");
    } else {
      query_.Add("tenant_data.records r");
      if (gathered) query_.Add(" ON r.record_id = found.record_id");
      if (by_index) {
        query_.Add(" JOIN tenant_data.record_index i ON i.record_id = r.record_id");
      }
    }
    query_.Add(" WHERE r.tenant_id = ").Value(call_.tenant).Add(" AND r.deleted_at IS NULL");
    // An index walk is of the collection's own field.
    if (!by_index) query_.Add(" AND r.collection_id = ").Value(listing_.collection);
    if (by_value) {
      Comparison present;
      present.field = *listing_.order.field;
      present.column = listing_.order.column;
      present.op = FilterOp::kPresent;
      query_.Add(" AND ");
      AddRange("i", call_, present, &query_);
    } else if (source_.kind == Source::Kind::kWalkEqual) {
      query_.Add(" AND ");
      AddRange("i", call_, *source_.candidate.front(), &query_);
    }
  }

  void AddFilter(bool by_value) {
    for (const Filter* conjunct : ConjunctsOf(listing_.filter)) {
      const bool is_walked = source_.kind == Source::Kind::kWalkEqual &&
                             &conjunct->comparison == source_.candidate.front();
      if (is_walked) continue;
      query_.Add(" AND ");
      if (by_value && IsOfOrder(listing_, *conjunct)) {
        AddRange("i", call_, conjunct->comparison, &query_);
      } else {
        AddPredicate(call_, *conjunct, &query_);
      }
    }
  }

  void AddLacks() {
    Comparison present;
    present.field = *listing_.order.field;
    present.column = listing_.order.column;
    present.op = FilterOp::kPresent;
    query_.Add(" AND NOT ");
    AddHas(call_, present, &query_);
  }

  void AddAfterValue(const Cursor& after) {
    if (!after.value.text && !after.value.integer && !after.value.time) return;
    query_.Add(" AND (i.").Add(NameOf(listing_.order.column)).Add(", i.record_id) ");
    query_.Add(listing_.order.descending ? SqlLiteral("< (") : "> (");
    AddKey(after.value, &query_);
    query_.Add(", ").Value(after.record).Add(")");
  }

  void AddAfterRecord(const Cursor& after) {
    query_.Add(" AND ").Add(RecordColumn()).Add(" > ").Value(after.record);
  }

  void AddOrder(bool by_value) {
    query_.Add(" ORDER BY ");
    if (!by_value) {
      query_.Add(RecordColumn());
      return;
    }
    query_.Add("i.").Add(NameOf(listing_.order.column));
    query_.Add(listing_.order.descending ? SqlLiteral(" DESC, i.record_id DESC") : ", i.record_id");
  }

  SqlLiteral RecordColumn() const {
    return source_.kind == Source::Kind::kWalkEqual ? SqlLiteral("i.record_id") : "r.record_id";
  }

  const CallContext& call_;
  const Listing& listing_;
  const Source& source_;
  ComposedQuery query_;
};

}  // namespace

std::vector<Candidate> CandidatesOf(const Listing& listing) {
  std::vector<Candidate> candidates;
  for (const Filter* conjunct : ConjunctsOf(listing.filter)) {
    if (IsOfOrder(listing, *conjunct)) continue;
    Candidate ranges = RangesOf(*conjunct);
    if (!ranges.empty()) candidates.push_back(std::move(ranges));
  }
  return candidates;
}

bool IsEqualValue(const Candidate& candidate) {
  if (candidate.size() != 1 || candidate[0]->op != FilterOp::kEquals) return false;
  return candidate[0]->column != IndexColumn::kBlind || candidate[0]->blind.size() == 1;
}

ComposedQuery ProbeQuery(const CallContext& call, const std::vector<Candidate>& candidates,
                         int64_t limit) {
  ComposedQuery query;
  query.Add("SELECT ");
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i > 0) query.Add(", ");
    query.Add("(SELECT count(*) FROM (");
    AddFound(call, candidates[i], &query);
    query.Add(" LIMIT ").Value(limit).Add(") AS probed)");
  }
  return query;
}

ComposedQuery PageQuery(const CallContext& call, const Listing& listing, const Source& source,
                        const Cursor& after, int64_t limit) {
  return PageSql(call, listing, source).Page(after, limit);
}

ComposedQuery CountQuery(const CallContext& call, const Listing& listing, const Source& source,
                         int64_t limit) {
  return PageSql(call, listing, source).Count(limit);
}

}  // namespace kasbah::tenantdata
