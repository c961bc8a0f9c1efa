#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/postgres/transaction.h"
#include "services/audit/domain/event_filter.h"
#include "services/audit/store/event_store.h"

namespace kasbah::audit {

enum class EventOrder { kNewestFirst, kOldestFirst };

struct EventPage {
  std::vector<EventRecord> records;
  // Set: the search looked at as many events as a page may, this one last, and went no further.
  std::optional<uint64_t> stopped_at;
};

// A filter on its way through one log, page by page. One condition leads, the one that is likely to
// leave the fewest events, along an index of its own in the order of the sequence; the others are
// looked at event by event. So a filter of one condition reads what it returns and nothing else,
// and a combination that hardly anything fulfils reads kMostScanned events for a page and says
// where it stopped.
class EventSearch {
 public:
  // Events that a page may look at.
  static constexpr int kMostScanned = 10'000;

  // What the filter means in this log: times become places in the sequence, prefixes the actions
  // that have them. A round trip when it has either. `within` bounds the whole search.
  static absl::StatusOr<EventSearch> Prepare(postgres::Transaction& tx, TenantId tenant,
                                             const EventFilter& filter, SequenceRange within = {});
  // For those who follow a log along its sequence and look at everything: nothing is prepared, and
  // times are not looked at.
  static EventSearch AlongTheLog(const EventFilter& filter);

  // The places that are left when times are taken for what they are.
  const SequenceRange& range() const { return range_; }

  // At most `limit` within `range`.
  postgres::Pending<EventPage> List(postgres::Transaction& tx, TenantId tenant, SequenceRange range,
                                    EventOrder order, int limit) const;
  // Oldest first, with leaves.
  postgres::Pending<EventPage> ListWithLeaves(postgres::Transaction& tx, TenantId tenant,
                                              SequenceRange range, int limit) const;

 private:
  // The conditions that can lead, the most selective first.
  enum Leading { kByRequest, kByTarget, kBySource, kByActor, kByAction, kByOutcome, kByPlace };

  explicit EventSearch(const EventFilter& filter);
  void Lead();
  postgres::Pending<EventPage> Run(const postgres::Statement& statement, postgres::Transaction& tx,
                                   TenantId tenant, SequenceRange range, int limit) const;

  EventFilter filter_;
  SequenceRange range_;
  // The bounds of partitions that need not be looked into.
  absl::Time start_ = absl::InfinitePast();
  absl::Time end_ = absl::InfiniteFuture();
  // What an action may be; set when the filter's prefixes could be told as actions.
  std::optional<std::vector<std::string>> all_actions_;
  Leading leading_ = kByPlace;
  // What the leading condition's column may be.
  std::vector<std::string> texts_;
  std::vector<int64_t> numbers_;
};

}  // namespace kasbah::audit
