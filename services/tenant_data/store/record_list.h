#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/store/record_query.h"
#include "services/tenant_data/store/record_rows.h"

namespace kasbah::tenantdata {

// A record, and where the page after it would begin.
struct ListedRecord {
  StoredRecord record;
  Cursor cursor;
};

// Part of a list.
struct ListedPage {
  std::vector<ListedRecord> records;
  // Set where looking ended before the list did, or a page would have had too many bytes: with
  // fewer records than were asked for.
  std::optional<Cursor> looked_to;
};

// So few rows are gathered and sorted whatever else there is; counting them costs next to nothing.
inline constexpr int64_t kFewGathered = 700;
// Of a customer: others' entries are passed over to count theirs.
inline constexpr int64_t kFewOfCustomer = 250;
// Where all find more, and for pages up to kShortPage, a walk looks at four rows for each that is
// asked for, and at no less than these: that fills a page where one row in three holds, and tells
// how often others do. One field's entries are not looked up one by one.
inline constexpr int64_t kShortPage = 120;
inline constexpr int64_t kFirstLook = 200;
inline constexpr int64_t kFirstLookAtField = 1000;
// Where one row in so many held, the walk goes on: a page is mostly met before a count would pay.
inline constexpr int64_t kOftenMet = 40;
// A customer with no more records has its own ways: whatever the filter is, those are all that is
// looked at, and an order sorts them. A look-up by record takes as long as passing over some 25
// entries of others.
inline constexpr int64_t kSmallCustomer = 1000;

// Where a list's pages come from: what needs no look at the data, else by how many rows each
// candidate finds. Gathering, where one finds at most `most`; they were counted to there or
// further.
std::optional<Source> SourceWithoutProbe(const Listing& listing,
                                         const std::vector<Candidate>& candidates);
std::optional<Source> GatherOf(const std::vector<Candidate>& candidates,
                               const std::vector<int64_t>& counts, int64_t most);
// Of a customer with so few records.
Source SourceOfSmallCustomer(const Listing& listing);
// The ordered walk, where all of them find more.
Source WalkOf(const Listing& listing, const std::vector<Candidate>& candidates);
int64_t FirstLookOf(const Source& walk, int64_t limit);

// So many rows are gathered at the most, and so many are counted: those between are hashed.
struct Bounds {
  int64_t gathered;
  int64_t counted;
};
// Of a page after `after` of so many records. To sort by age nothing is looked up; by a value each
// row is, and the more records a page has, the more of them it is worth.
Bounds BoundsOf(const Listing& listing, const Cursor& after, int64_t limit);
Source SourceOf(const Listing& listing, const std::vector<Candidate>& candidates,
                const std::vector<int64_t>& counts, const Bounds& bounds);

// Counting ends here.
inline constexpr int64_t kMaxTotal = 10'000;

// Lists of records: which index a page comes from is decided by how much each of them would find,
// so that neither a rare value nor an order makes it read the whole collection; and where a filter
// finds too little, a page ends early. Stateless.
class RecordList {
 public:
  // At most `limit`, after `after`. The records with a value of the order's field and, with a
  // cursor that lacks_value, those without are lists of their own. `scan` rows are looked at, at
  // the most.
  absl::StatusOr<ListedPage> Page(postgres::Transaction& tx, const CallContext& call,
                                  const Listing& listing, const Cursor& after, int64_t limit,
                                  int64_t scan = kMostScanned) const;

  // At most kMaxTotal + 1.
  absl::StatusOr<int64_t> Count(postgres::Transaction& tx, const CallContext& call,
                                const Listing& listing) const;

 private:
  static constexpr int64_t kMostScanned = 10'000;

  // How many rows each of them finds, up to `most` + 1.
  static absl::StatusOr<std::vector<int64_t>> Probe(postgres::Transaction& tx,
                                                    const CallContext& call, const Listing& listing,
                                                    const std::vector<Candidate>& candidates,
                                                    int64_t most);
  // Where it needs no more than a look at the customer's records, if that.
  static absl::StatusOr<std::optional<Source>> ChooseEarly(
      postgres::Transaction& tx, const CallContext& call, const Listing& listing,
      const std::vector<Candidate>& candidates);
  static absl::StatusOr<Source> Choose(postgres::Transaction& tx, const CallContext& call,
                                       const Listing& listing,
                                       const std::vector<Candidate>& candidates,
                                       const Bounds& bounds);
  static absl::StatusOr<ListedPage> From(postgres::Transaction& tx, const CallContext& call,
                                         const Listing& listing, const Source& source,
                                         const Cursor& after, int64_t limit, int64_t scan);
};

}  // namespace kasbah::tenantdata
