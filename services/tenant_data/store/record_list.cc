#include "services/tenant_data/store/record_list.h"

#include <algorithm>
#include <utility>

#include "libs/base/status_macros.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Result;
using postgres::Row;
using postgres::Transaction;

Cursor CursorOf(const Listing& listing, const Row& row, int column, RecordId record,
                bool lacks_value) {
  Cursor cursor;
  cursor.record = record;
  cursor.lacks_value = lacks_value;
  if (!listing.order.field || lacks_value) return cursor;
  switch (listing.order.column) {
    case IndexColumn::kText:
      cursor.value.text = row.Get<std::string>(column);
      break;
    case IndexColumn::kInteger:
      cursor.value.integer = row.Get<int64_t>(column);
      break;
    case IndexColumn::kTime:
      cursor.value.time = row.Get<absl::Time>(column);
      break;
    case IndexColumn::kBlind:
      break;
  }
  return cursor;
}

std::vector<ListedRecord> ReadListed(const Listing& listing, const Result& rows, bool lacks_value) {
  std::vector<ListedRecord> records;
  for (const Row& row : rows) {
    ListedRecord& listed = records.emplace_back();
    listed.record = ReadRecord(row);
    listed.cursor = CursorOf(listing, row, kRecordColumns, listed.record.id, lacks_value);
  }
  return records;
}

}  // namespace

std::optional<Source> SourceWithoutProbe(const Listing& listing,
                                         const std::vector<Candidate>& candidates) {
  if (candidates.empty()) return Source();
  if (!listing.order.field && candidates.size() == 1 && IsEqualValue(candidates[0])) {
    return Source{Source::Kind::kWalkEqual, candidates[0]};
  }
  return std::nullopt;
}

Source SourceOf(const Listing& listing, const std::vector<Candidate>& candidates,
                const std::vector<int64_t>& counts) {
  const auto fewest = std::min_element(counts.begin(), counts.end());
  if (*fewest <= kMostGathered) {
    return {Source::Kind::kGather, candidates[static_cast<size_t>(fewest - counts.begin())]};
  }
  if (listing.order.field) return Source();
  const auto equal = std::find_if(candidates.begin(), candidates.end(), IsEqualValue);
  if (equal == candidates.end()) return Source();
  return {Source::Kind::kWalkEqual, *equal};
}

absl::StatusOr<Source> RecordList::Choose(Transaction& tx, const CallContext& call,
                                          const Listing& listing) const {
  const std::vector<Candidate> candidates = CandidatesOf(listing);
  if (std::optional<Source> source = SourceWithoutProbe(listing, candidates)) return *source;
  ASSIGN_OR_RETURN(const Result probed,
                   tx.Run(ProbeQuery(call, candidates, kMostGathered + 1)).Await());
  std::vector<int64_t> counts;
  for (size_t i = 0; i < candidates.size(); ++i) {
    counts.push_back(probed[0].Get<int64_t>(static_cast<int>(i)));
  }
  return SourceOf(listing, candidates, counts);
}

absl::StatusOr<ListedPage> RecordList::Page(Transaction& tx, const CallContext& call,
                                            const Listing& listing, const Cursor& after,
                                            int64_t limit, int64_t scan) const {
  ASSIGN_OR_RETURN(const Source source, Choose(tx, call, listing));
  Stretch stretch{after, std::nullopt, std::max(scan, limit)};
  ASSIGN_OR_RETURN(const Result rows,
                   tx.Run(PageQuery(call, listing, source, stretch, limit)).Await());
  ListedPage page{ReadListed(listing, rows, after.lacks_value), std::nullopt};
  if (static_cast<int64_t>(page.records.size()) == limit) return page;
  // The list is over, or so many rows were looked at in vain that there are more.
  ASSIGN_OR_RETURN(const Result end, tx.Run(EndQuery(call, listing, source, stretch)).Await());
  if (end.empty()) return page;
  // Once more up to there: rows that came or went between the two statements are not passed over.
  stretch.until = CursorOf(listing, end[0], 0, end[0].Get<RecordId>(1), after.lacks_value);
  stretch.scan = 0;
  ASSIGN_OR_RETURN(const Result again,
                   tx.Run(PageQuery(call, listing, source, stretch, limit)).Await());
  page.records = ReadListed(listing, again, after.lacks_value);
  if (static_cast<int64_t>(page.records.size()) < limit) page.looked_to = stretch.until;
  return page;
}

absl::StatusOr<int64_t> RecordList::Count(Transaction& tx, const CallContext& call,
                                          const Listing& listing) const {
  const Listing unordered{listing.collection, listing.filter, Order()};
  ASSIGN_OR_RETURN(const Source source, Choose(tx, call, unordered));
  ASSIGN_OR_RETURN(const Result counted,
                   tx.Run(CountQuery(call, unordered, source, kMaxTotal + 1)).Await());
  return counted[0].Get<int64_t>(0);
}

}  // namespace kasbah::tenantdata
