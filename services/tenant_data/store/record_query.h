#pragma once

#include <optional>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/postgres/composed_query.h"
#include "services/tenant_data/domain/cursor.h"
#include "services/tenant_data/domain/filter.h"
#include "services/tenant_data/domain/order.h"

namespace kasbah::tenantdata {

// What a list is of.
struct Listing {
  CollectionId collection;
  Filter filter;
  Order order;
};

// Ranges of the typed side index of which a record of the list lies in one at least: what stands in
// the filter's outermost AND, a comparison or alternatives of them.
using Candidate = std::vector<const Comparison*>;

// Which rows a page is looked for among.
struct Source {
  enum class Kind {
    // All of the collection, in the order of the list.
    kWalk,
    // The index rows of one equal value, in the order of records.
    kWalkEqual,
    // What a candidate finds, sorted.
    kGather,
  };
  Kind kind = Kind::kWalk;
  Candidate candidate;
};

// Ways to the records that do not go through all of them; none for what no index finds. Not the
// order's own field, whose walk keeps to such ranges by itself.
std::vector<Candidate> CandidatesOf(const Listing& listing);
// The candidate is one equal value, which its index has in the order of records.
bool IsEqualValue(const Candidate& candidate);

// One row: for each candidate how many rows it finds, up to `limit`.
postgres::ComposedQuery ProbeQuery(const CallContext& call,
                                   const std::vector<Candidate>& candidates, int64_t limit);

// At most `limit` records after `after`, columns as KASBAH_RECORD and then the value of the order's
// field, null without one. `after` with lacks_value goes through the records without a value alone,
// without it through the others alone.
postgres::ComposedQuery PageQuery(const CallContext& call, const Listing& listing,
                                  const Source& source, const Cursor& after, int64_t limit);

// One number: how many there are, up to `limit`.
postgres::ComposedQuery CountQuery(const CallContext& call, const Listing& listing,
                                   const Source& source, int64_t limit);

}  // namespace kasbah::tenantdata
