#include "services/audit/rpc/tail_stream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/status_macros.h"
#include "services/audit/log/event_forms.h"
#include "services/audit/log/missing_event.h"
#include "services/audit/store/checkpoint_store.h"
#include "services/audit/store/tree_store.h"

namespace kasbah::audit {
namespace {

constexpr int kPage = 500;
constexpr size_t kChunkBytes = 1024 * 1024;
// What other replicas have flushed is looked for this often.
constexpr absl::Duration kPoll = absl::Seconds(1);
// How soon an end of the stream is noticed.
constexpr absl::Duration kGlance = absl::Milliseconds(100);
constexpr absl::Duration kSignOfLife = absl::Seconds(15);
constexpr absl::Duration kTimeout = absl::Seconds(10);

}  // namespace

TailStream::TailStream(postgres::Database& database, const CallContext& call,
                       const EventFilter& filter, uint64_t first,
                       std::unique_ptr<GrowthSignal::Watch> watch)
    : database_(database),
      call_(call),
      whole_(filter.ToJson() == "{}"),
      search_(EventSearch::AlongTheLog(filter)),
      next_(first),
      last_sent_(absl::Now()),
      watch_(std::move(watch)) {}

absl::Status TailStream::Run(rpc::StreamWriter<v1::TailEventsResponse>& writer) {
  // At once, so that the reader knows its place before anything happens.
  v1::TailEventsResponse hello;
  hello.set_next_sequence(next_);
  RETURN_IF_ERROR(Write(std::move(hello), writer));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, SendNew(writer));
    if (writer.Done()) break;
    if (!more && !Await(writer)) break;
  }
  return absl::CancelledError("the stream is over");
}

absl::StatusOr<bool> TailStream::SendNew(rpc::StreamWriter<v1::TailEventsResponse>& writer) {
  ASSIGN_OR_RETURN(const EventPage page, NextPage());
  RETURN_IF_ERROR(Send(page, writer));
  if (!page.stopped_at && page.records.size() < static_cast<size_t>(kPage)) {
    // All that there was.
    if (whole_ && next_ < size_) return Missing();
    next_ = std::max(next_, size_);
  } else if (page.stopped_at) {
    next_ = *page.stopped_at + 1;
  }
  if (absl::Now() >= last_sent_ + kSignOfLife) {
    v1::TailEventsResponse sign;
    sign.set_next_sequence(next_);
    RETURN_IF_ERROR(Write(std::move(sign), writer));
  }
  return next_ < size_;
}

absl::StatusOr<EventPage> TailStream::NextPage() {
  call_.deadline = absl::Now() + kTimeout;
  return database_.WithTenant(call_, [&](postgres::Transaction& tx) -> absl::StatusOr<EventPage> {
    // The end first: everything before it is committed, so nothing is passed over.
    auto found = checkpoint_store::Find(tx, call_.tenant);
    auto start = tree_store::ReadStart(tx, call_.tenant);
    ASSIGN_OR_RETURN(const std::optional<HeadState> head, found.Await());
    ASSIGN_OR_RETURN(const uint64_t begins, start.Await());
    size_ = head ? head->size : 0;
    if (next_ >= size_) return EventPage();
    // What is held of a pruned beginning is listed; a tail promises all that there was.
    if (next_ < begins) return MissingEvent(next_, begins);
    return search_
        .List(tx, call_.tenant, {.first = next_, .past = size_}, EventOrder::kOldestFirst, kPage)
        .Await();
  });
}

absl::Status TailStream::Send(const EventPage& page,
                              rpc::StreamWriter<v1::TailEventsResponse>& writer) {
  v1::TailEventsResponse message;
  size_t bytes = 0;
  for (const EventRecord& record : page.records) {
    if (whole_ && record.sequence != next_) return Missing();
    ASSIGN_OR_RETURN(*message.add_events(), EventOf(record));
    next_ = record.sequence + 1;
    message.set_next_sequence(next_);
    bytes += record.body.size();
    if (bytes < kChunkBytes) continue;
    RETURN_IF_ERROR(Write(std::exchange(message, {}), writer));
    bytes = 0;
  }
  return message.events_size() == 0 ? absl::OkStatus() : Write(std::move(message), writer);
}

absl::Status TailStream::Missing() {
  ASSIGN_OR_RETURN(const uint64_t begins,
                   database_.WithTenant(call_, [&](postgres::Transaction& tx) {
                     return tree_store::ReadStart(tx, call_.tenant);
                   }));
  return MissingEvent(next_, begins);
}

absl::Status TailStream::Write(v1::TailEventsResponse message,
                               rpc::StreamWriter<v1::TailEventsResponse>& writer) {
  last_sent_ = absl::Now();
  return writer.Write(message);
}

bool TailStream::Await(const rpc::StreamWriter<v1::TailEventsResponse>& writer) {
  const absl::Time look = absl::Now() + kPoll;
  while (absl::Now() < look) {
    if (writer.Done()) return false;
    if (watch_->AwaitGrowth(kGlance)) break;
  }
  return !writer.Done();
}

}  // namespace kasbah::audit
