#include "services/tenant_data/store/filter_sql.h"

#include <string>

#include "services/tenant_data/domain/text_range.h"

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
    case FilterOp::kEquals:
    case FilterOp::kPrefix:
    case FilterOp::kPresent:
      break;
  }
  return " = ";
}

// Ends a parenthesis that was opened before: of the field's row x of that record.
void AddLookUp(const CallContext& call, FieldId field, SqlLiteral record, ComposedQuery* query) {
  query->Add(" FROM tenant_data.record_index x WHERE x.tenant_id = ").Value(call.tenant);
  query->Add(" AND x.field_id = ").Value(field).Add(" AND x.record_id = ").Add(record);
  // What record_index_of_record asks for before it serves.
  query->Add(" AND x.record_id <> '00000000-0000-0000-0000-000000000000')");
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

void AddComparison(SqlLiteral alias, const Comparison& comparison, ComposedQuery* query) {
  const auto column = [&]() -> ComposedQuery& {
    return query->Add(alias).Add(".").Add(NameOf(comparison.column));
  };
  if (comparison.op == FilterOp::kPresent) {
    column().Add(" IS NOT NULL");
  } else if (comparison.column == IndexColumn::kBlind && comparison.blind.size() == 1) {
    // Of an array the planner would not know that it holds one.
    column().Add(" = ").Value(OwnedBytes{comparison.blind[0]});
  } else if (comparison.column == IndexColumn::kBlind) {
    std::vector<OwnedBytes> blind;
    for (const std::string& index : comparison.blind) blind.push_back({index});
    column().Add(" = ANY(").Value(blind).Add(")");
  } else if (comparison.op == FilterOp::kPrefix) {
    // As a range: of ^@ the planner makes one only where it sees the value.
    column().Add(" >= ").Value(*comparison.key.text);
    if (const auto past = PastPrefix(*comparison.key.text)) {
      query->Add(" AND ");
      column().Add(" < ").Value(*past);
    }
  } else {
    column().Add(SignOf(comparison.op));
    AddKey(comparison.key, query);
  }
}

void AddRange(SqlLiteral alias, const CallContext& call, const Comparison& comparison,
              ComposedQuery* query) {
  query->Add(alias).Add(".tenant_id = ").Value(call.tenant);
  query->Add(" AND ").Add(alias).Add(".field_id = ").Value(comparison.field);
  // So that the column's own index serves.
  query->Add(" AND ").Add(alias).Add(".").Add(NameOf(comparison.column)).Add(" IS NOT NULL");
  if (comparison.op == FilterOp::kPresent) return;
  query->Add(" AND ");
  AddComparison(alias, comparison, query);
}

void AddOfField(SqlLiteral alias, const CallContext& call, FieldId field, ComposedQuery* query) {
  query->Add(alias).Add(".tenant_id = ").Value(call.tenant);
  query->Add(" AND ").Add(alias).Add(".field_id = ").Value(field);
  // What record_index_of_field asks for before it serves.
  query->Add(" AND ").Add(alias).Add(".field_id <> '00000000-0000-0000-0000-000000000000'");
}

void AddValue(const CallContext& call, FieldId field, IndexColumn column, SqlLiteral record,
              ComposedQuery* query) {
  query->Add("(SELECT x.").Add(NameOf(column));
  AddLookUp(call, field, record, query);
}

void AddHas(const CallContext& call, const Comparison& comparison, ComposedQuery* query) {
  query->Add("((SELECT ");
  AddComparison("x", comparison, query);
  AddLookUp(call, comparison.field, "i.record_id", query);
  query->Add(" IS TRUE)");
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
  present.field = order.place.value_or(*order.field);
  present.column = order.column;
  present.op = FilterOp::kPresent;
  return present;
}

}  // namespace kasbah::tenantdata
