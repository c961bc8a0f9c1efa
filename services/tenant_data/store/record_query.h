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
  // Records of this one alone.
  std::optional<CustomerId> customer = std::nullopt;
};

// The same records in the same order, as far as they have a value of the order's field: by the
// index of that field and another of which the filter asks for one value, where there is one.
Listing ThroughPair(const Listing& listing);

// Ranges of the typed side index of which a record of the list lies in one at least: what stands in
// the filter's outermost AND, a comparison or alternatives of them. None: the customer's records.
struct Candidate {
  std::vector<const Comparison*> ranges;
  // The condition that lying in one of them is all of; null where more is asked.
  const Filter* whole = nullptr;
};

// Which rows a page is looked for among.
struct Source {
  enum class Kind {
    // All of the collection, in the order of the list.
    kWalk,
    // Those that are among what the candidate finds, which is hashed: an entry costs a fifth of a
    // look-up by record. Of a candidate that finds more than 50,000 it would miss some.
    kWalkAmong,
    // The index rows of one equal value, in the order of records.
    kWalkEqual,
    // Those of the candidate's one field, in the order of records, with what they must hold beside
    // them: an entry costs a tenth of a look-up by record.
    kWalkField,
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
// All that it asks for stands beside one field's entries.
bool IsOfOneField(const Candidate& candidate);

// One row: for each candidate how many rows it finds, up to `limit`.
postgres::ComposedQuery ProbeQuery(const CallContext& call, const Listing& listing,
                                   const std::vector<Candidate>& candidates, int64_t limit);

// A stretch of a list. With lacks_value in `after` it goes through the records without a value of
// the order's field alone, without it through the others alone.
struct Stretch {
  Cursor after;
  // Ends with this one; unset: after so many rows of the source, those that do not hold counted,
  // or, where that is 0, with the list.
  std::optional<Cursor> until;
  int64_t scan = 0;
};

// At most `limit` records of a stretch, fewer of large ones (store/byte_window.h): columns as
// KASBAH_RECORD, the value of the order's field, null without one, and whether one more followed.
postgres::ComposedQuery PageQuery(const CallContext& call, const Listing& listing,
                                  const Source& source, const Stretch& stretch, int64_t limit);

// The last row of a stretch of `scan` rows: value or null, and record; no row when there are fewer.
postgres::ComposedQuery EndQuery(const CallContext& call, const Listing& listing,
                                 const Source& source, const Stretch& stretch);

// One number: how many records there are, up to `limit`.
postgres::ComposedQuery CountQuery(const CallContext& call, const Listing& listing,
                                   const Source& source, int64_t limit);

}  // namespace kasbah::tenantdata
