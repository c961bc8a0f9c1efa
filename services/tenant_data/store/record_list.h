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

// So few rows are gathered and sorted whatever else there is; counting them costs next to nothing,
// but of a customer, since others' entries are passed over.
inline constexpr int64_t kFewGathered = 600;
inline constexpr int64_t kFewOfCustomer = 250;
// Where all find more, an order is walked for so many rows: that fills a page of a quarter as many
// where one record in four holds, and tells the others apart. For pages up to half of it.
inline constexpr int64_t kFirstLook = 200;
// From so many of it on, a page is met before a count would pay.
inline constexpr int64_t kOftenMet = 5;
// So many rows are gathered and sorted if it was not: by age, and by a value that is looked up for
// each.
inline constexpr int64_t kMostSorted = 2000;
inline constexpr int64_t kMostLookedUp = 1000;
// And of so many a value's order is walked asking a hash of them, not the index for each record.
inline constexpr int64_t kMostHashed = 5000;
// A customer with no more records has its own ways: whatever the filter is, those are all that is
// looked at, and an order sorts them. A look-up by record takes as long as passing over some 25
// entries of others.
inline constexpr int64_t kSmallCustomer = 1000;

// Where a list's pages come from: what needs no look at the data, else by how many rows each
// candidate finds. Gathering, where one finds at most `most`, to which they were counted.
std::optional<Source> SourceWithoutProbe(const Listing& listing,
                                         const std::vector<Candidate>& candidates);
std::optional<Source> GatherOf(const std::vector<Candidate>& candidates,
                               const std::vector<int64_t>& counts, int64_t most);
// Of a customer with so few records.
Source SourceOfSmallCustomer(const Listing& listing);
// The ordered walk, where all of them find more.
Source WalkOf(const Listing& listing, const std::vector<Candidate>& candidates);
// Whichever it is, of counts up to MostCounted and one more.
Source SourceOf(const Listing& listing, const std::vector<Candidate>& candidates,
                const std::vector<int64_t>& counts);
int64_t MostCounted(const Listing& listing);

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
                                       const std::vector<Candidate>& candidates);
  static absl::StatusOr<ListedPage> From(postgres::Transaction& tx, const CallContext& call,
                                         const Listing& listing, const Source& source,
                                         const Cursor& after, int64_t limit, int64_t scan);
};

}  // namespace kasbah::tenantdata
