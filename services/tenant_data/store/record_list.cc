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

// What a look at a stretch finds.
struct Found {
  ListedPage page;
  // It has as many records as were asked for, or as many bytes as a page may have.
  bool is_enough = false;
};

absl::StatusOr<Found> Look(Transaction& tx, const CallContext& call, const Listing& listing,
                           const Source& source, const Stretch& stretch, int64_t limit) {
  ASSIGN_OR_RETURN(const Result rows,
                   tx.Run(PageQuery(call, listing, source, stretch, limit)).Await());
  const bool lacks_value = stretch.after.lacks_value;
  bool is_followed = false;
  Found found;
  for (const Row& row : rows) {
    ListedRecord& listed = found.page.records.emplace_back();
    listed.record = ReadRecord(row);
    listed.cursor = CursorOf(listing, row, kRecordColumns, listed.record.id, lacks_value);
    is_followed = row.Get<bool>(kRecordColumns + 1);
  }
  if (is_followed) found.page.looked_to = found.page.records.back().cursor;
  found.is_enough = is_followed || rows.size() == limit;
  return found;
}

// Where a stretch ends that found too little; none: the list does before.
absl::StatusOr<std::optional<Cursor>> EndOf(Transaction& tx, const CallContext& call,
                                            const Listing& listing, const Source& source,
                                            const Stretch& stretch) {
  ASSIGN_OR_RETURN(const Result end, tx.Run(EndQuery(call, listing, source, stretch)).Await());
  if (end.empty()) return std::nullopt;
  return CursorOf(listing, end[0], 0, end[0].Get<RecordId>(1), stretch.after.lacks_value);
}

// All there is up to there, or to the list's end: in a statement of its own, so that what came or
// went since the first look is not passed over.
absl::StatusOr<ListedPage> UpTo(Transaction& tx, const CallContext& call, const Listing& listing,
                                const Source& source, const Cursor& after,
                                const std::optional<Cursor>& end, int64_t limit) {
  ASSIGN_OR_RETURN(Found found, Look(tx, call, listing, source, {after, end}, limit));
  if (end && !found.is_enough) found.page.looked_to = end;
  return std::move(found.page);
}

size_t FewestOf(const std::vector<int64_t>& counts) {
  return static_cast<size_t>(std::min_element(counts.begin(), counts.end()) - counts.begin());
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

std::optional<Source> GatherOf(const std::vector<Candidate>& candidates,
                               const std::vector<int64_t>& counts, int64_t most) {
  const size_t fewest = FewestOf(counts);
  if (counts[fewest] > most) return std::nullopt;
  return Source{Source::Kind::kGather, candidates[fewest]};
}

Source SourceOfSmallCustomer(const Listing& listing) {
  return listing.order.field ? Source{Source::Kind::kGather, Candidate()} : Source();
}

Source WalkOf(const Listing& listing, const std::vector<Candidate>& candidates) {
  if (listing.order.field) return Source();
  const auto equal = std::find_if(candidates.begin(), candidates.end(), IsEqualValue);
  if (equal != candidates.end()) return {Source::Kind::kWalkEqual, *equal};
  // A customer's records have an index of their own, a field's entries are all customers'.
  if (listing.customer) return Source();
  const auto field = std::find_if(candidates.begin(), candidates.end(), IsOfOneField);
  if (field != candidates.end()) return {Source::Kind::kWalkField, *field};
  return Source();
}

int64_t FirstLookOf(const Source& walk, int64_t limit) {
  return walk.kind == Source::Kind::kWalkField ? kFirstLookAtField
                                               : std::max(kFirstLook, 4 * limit);
}

Bounds BoundsOf(const Listing& listing, const Cursor& after, int64_t limit) {
  const bool by_value = listing.order.field && !after.lacks_value;
  // Others' entries are passed over to count a customer's.
  if (!by_value || listing.customer) return {2000, 2000};
  return {std::clamp<int64_t>(5 * limit, 1000, 5000), 5000};
}

Source SourceOf(const Listing& listing, const std::vector<Candidate>& candidates,
                const std::vector<int64_t>& counts, const Bounds& bounds) {
  if (const auto gathered = GatherOf(candidates, counts, bounds.gathered)) return *gathered;
  const size_t fewest = FewestOf(counts);
  if (counts[fewest] > bounds.counted) return WalkOf(listing, candidates);
  return {Source::Kind::kWalkAmong, candidates[fewest]};
}

absl::StatusOr<std::vector<int64_t>> RecordList::Probe(Transaction& tx, const CallContext& call,
                                                       const Listing& listing,
                                                       const std::vector<Candidate>& candidates,
                                                       int64_t most) {
  ASSIGN_OR_RETURN(const Result probed,
                   tx.Run(ProbeQuery(call, listing, candidates, most + 1)).Await());
  std::vector<int64_t> counts;
  for (size_t i = 0; i < candidates.size(); ++i) {
    counts.push_back(probed[0].Get<int64_t>(static_cast<int>(i)));
  }
  return counts;
}

absl::StatusOr<std::optional<Source>> RecordList::ChooseEarly(
    Transaction& tx, const CallContext& call, const Listing& listing,
    const std::vector<Candidate>& candidates) {
  // Nothing but the customer: their own index has that in the order of records.
  if (listing.customer && (listing.order.field || !candidates.empty())) {
    ASSIGN_OR_RETURN(const std::vector<int64_t> counts,
                     Probe(tx, call, listing, {Candidate()}, kSmallCustomer));
    if (counts[0] <= kSmallCustomer) return SourceOfSmallCustomer(listing);
  }
  return SourceWithoutProbe(listing, candidates);
}

absl::StatusOr<Source> RecordList::Choose(Transaction& tx, const CallContext& call,
                                          const Listing& listing,
                                          const std::vector<Candidate>& candidates,
                                          const Bounds& bounds) {
  ASSIGN_OR_RETURN(const std::vector<int64_t> counts,
                   Probe(tx, call, listing, candidates, bounds.counted));
  return SourceOf(listing, candidates, counts, bounds);
}

absl::StatusOr<ListedPage> RecordList::Page(Transaction& tx, const CallContext& call,
                                            const Listing& asked, const Cursor& after,
                                            int64_t limit, int64_t scan) const {
  const Listing listing = after.lacks_value ? asked : ThroughPair(asked);
  const std::vector<Candidate> candidates = CandidatesOf(listing);
  ASSIGN_OR_RETURN(std::optional<Source> source, ChooseEarly(tx, call, listing, candidates));
  if (!source && limit <= kShortPage) {
    const int64_t few = listing.customer ? kFewOfCustomer : kFewGathered;
    ASSIGN_OR_RETURN(const std::vector<int64_t> counts, Probe(tx, call, listing, candidates, few));
    source = GatherOf(candidates, counts, few);
    if (!source) {
      const Source walk = WalkOf(listing, candidates);
      const Stretch first{after, std::nullopt, FirstLookOf(walk, limit)};
      ASSIGN_OR_RETURN(Found found, Look(tx, call, listing, walk, first, limit));
      if (found.is_enough) return std::move(found.page);
      ASSIGN_OR_RETURN(const auto end, EndOf(tx, call, listing, walk, first));
      if (!end) return UpTo(tx, call, listing, walk, after, end, limit);
      const auto met = static_cast<int64_t>(found.page.records.size());
      if (met * kOftenMet >= first.scan || met * 2 >= limit) {
        // Three times as far as a page should be at that rate.
        const int64_t far = std::min(scan, 3 * limit * first.scan / met);
        ASSIGN_OR_RETURN(found, Look(tx, call, listing, walk, {after, std::nullopt, far}, limit));
        if (found.is_enough) return std::move(found.page);
      }
    }
  }
  if (!source) {
    ASSIGN_OR_RETURN(source,
                     Choose(tx, call, listing, candidates, BoundsOf(listing, after, limit)));
  }
  return From(tx, call, listing, *source, after, limit, std::max(scan, limit));
}

absl::StatusOr<ListedPage> RecordList::From(Transaction& tx, const CallContext& call,
                                            const Listing& listing, const Source& source,
                                            const Cursor& after, int64_t limit, int64_t scan) {
  // What is gathered is read at once, and no more than so much.
  if (source.kind == Source::Kind::kGather) {
    return UpTo(tx, call, listing, source, after, std::nullopt, limit);
  }
  const Stretch stretch{after, std::nullopt, scan};
  ASSIGN_OR_RETURN(Found found, Look(tx, call, listing, source, stretch, limit));
  if (found.is_enough) return std::move(found.page);
  ASSIGN_OR_RETURN(const auto end, EndOf(tx, call, listing, source, stretch));
  if (end && source.kind == Source::Kind::kWalkAmong) {
    // They are few and far between.
    const Source sorted{Source::Kind::kGather, source.candidate};
    return UpTo(tx, call, listing, sorted, after, std::nullopt, limit);
  }
  return UpTo(tx, call, listing, source, after, end, limit);
}

absl::StatusOr<int64_t> RecordList::Count(Transaction& tx, const CallContext& call,
                                          const Listing& listing) const {
  const Listing unordered{listing.collection, listing.filter, Order(), listing.customer};
  const std::vector<Candidate> candidates = CandidatesOf(unordered);
  ASSIGN_OR_RETURN(std::optional<Source> source, ChooseEarly(tx, call, unordered, candidates));
  if (!source) {
    const Bounds bounds = BoundsOf(unordered, Cursor(), kMaxTotal);
    ASSIGN_OR_RETURN(source, Choose(tx, call, unordered, candidates, bounds));
  }
  ASSIGN_OR_RETURN(const Result counted,
                   tx.Run(CountQuery(call, unordered, *source, kMaxTotal + 1)).Await());
  return counted[0].Get<int64_t>(0);
}

}  // namespace kasbah::tenantdata
