#pragma once

#include <vector>

#include "libs/base/call_context.h"
#include "libs/postgres/composed_query.h"
#include "services/tenant_data/domain/filter.h"
#include "services/tenant_data/domain/order.h"

namespace kasbah::tenantdata {

// Filters as SQL over tenant_data.record_index. Every comparison is leakproof, so that it can be an
// index condition under row-level security, and every value a parameter.

postgres::SqlLiteral NameOf(IndexColumn column);
void AddKey(const IndexKey& key, postgres::ComposedQuery* query);

// The comparison as a condition on the values of its field's index rows.
void AddComparison(postgres::SqlLiteral alias, const Comparison& comparison,
                   postgres::ComposedQuery* query);
// An index row of the field, in the order of records: a stretch of record_index_of_field.
void AddOfField(postgres::SqlLiteral alias, const CallContext& call, FieldId field,
                postgres::ComposedQuery* query);
// One of the comparison's: a stretch of its column's own index.
void AddRange(postgres::SqlLiteral alias, const CallContext& call, const Comparison& comparison,
              postgres::ComposedQuery* query);
// The value that the record has in the field, or null: a look-up by record, however many rows there
// are, for the sub-select asks for nothing that another index serves.
void AddValue(const CallContext& call, FieldId field, IndexColumn column,
              postgres::SqlLiteral record, postgres::ComposedQuery* query);
// That record i.record_id has a row that the comparison is true of: looked up likewise.
void AddHas(const CallContext& call, const Comparison& comparison, postgres::ComposedQuery* query);
// The filter as a condition on record i.record_id.
void AddPredicate(const CallContext& call, const Filter& filter, postgres::ComposedQuery* query);

// A comparison that one stretch of an index holds.
bool IsRange(const Filter& filter);
// The conditions of the outermost AND.
std::vector<const Filter*> ConjunctsOf(const Filter& filter);
// Any value in the field of an order.
Comparison PresenceOf(const Order& order);

}  // namespace kasbah::tenantdata
