#include "services/tenant_data/store/filter_sql.h"

#include <string>

namespace kasbah::tenantdata {
namespace {

using postgres::ComposedQuery;
using postgres::OwnedBytes;
using postgres::SqlLiteral;

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

}  // namespace

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

void AddKey(const IndexKey& key, ComposedQuery* query) {
  if (key.text) {
    query->Value(*key.text);
  } else if (key.integer) {
    query->Value(*key.integer);
  } else {
    query->Value(*key.time);
  }
}

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
  query->Add("EXISTS (SELECT FROM tenant_data.record_index x WHERE x.record_id = i.record_id AND ");
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

std::vector<const Filter*> ConjunctsOf(const Filter& filter) {
  if (filter.kind != Filter::Kind::kAll) return {&filter};
  std::vector<const Filter*> conjuncts;
  for (const Filter& child : filter.children) {
    for (const Filter* conjunct : ConjunctsOf(child)) conjuncts.push_back(conjunct);
  }
  return conjuncts;
}

Comparison PresenceOf(const Order& order) {
  Comparison present;
  present.field = *order.field;
  present.column = order.column;
  present.op = FilterOp::kPresent;
  return present;
}

}  // namespace kasbah::tenantdata
