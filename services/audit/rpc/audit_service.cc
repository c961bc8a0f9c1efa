#include "services/audit/rpc/audit_service.h"

#include <optional>
#include <utility>
#include <vector>

#include "libs/base/day.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/audit/domain/day_range.h"
#include "services/audit/domain/event_filter.h"
#include "services/audit/log/event_forms.h"
#include "services/audit/log/log_nodes.h"
#include "services/audit/log/missing_event.h"
#include "services/audit/rpc/export_stream.h"
#include "services/audit/rpc/proto_conversion.h"
#include "services/audit/rpc/tail_stream.h"
#include "services/audit/store/archive_store.h"
#include "services/audit/store/checkpoint_store.h"
#include "services/audit/store/count_store.h"
#include "services/audit/store/event_search.h"
#include "services/audit/store/event_store.h"
#include "services/audit/store/tree_store.h"

namespace kasbah::audit {
namespace {

constexpr std::string_view kTrail = "audit_log";

// Well under a message's limit, whatever the events' sizes: each is at most 1 MiB.
constexpr size_t kPageBytes = 4 * 1024 * 1024;

// Events past the kept counts that a count looks at one by one.
constexpr uint64_t kMostUncounted = 500'000;
constexpr int kMostCounts = 20'000;

absl::Status CountsBehind() {
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "COUNTS_BEHIND",
                              "the log grows faster than it is counted; try again"),
                        absl::Seconds(5));
}

absl::StatusOr<v1::ListEventsResponse> PageOf(const EventPage& page, EventOrder order,
                                              size_t size) {
  v1::ListEventsResponse reply;
  size_t bytes = 0;
  for (const EventRecord& record : page.records) {
    if (static_cast<size_t>(reply.events_size()) == size || bytes > kPageBytes) {
      reply.set_next_page_token(PageTokenOf(order, reply.events().rbegin()->sequence()));
      return reply;
    }
    ASSIGN_OR_RETURN(*reply.add_events(), EventOf(record));
    bytes += record.body.size();
  }
  if (page.stopped_at) reply.set_next_page_token(PageTokenOf(order, *page.stopped_at));
  return reply;
}

}  // namespace

AuditService::AuditService(rpc::Pipeline& pipeline, postgres::Database& database,
                           outbox::Outbox& outbox, Checkpointer& checkpointer,
                           const SigningKey& key, Flusher& flusher, GrowthSignal& growth,
                           const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      checkpointer_(checkpointer),
      key_(key),
      growth_(growth),
      clock_(clock),
      appender_(database, flusher, clock) {}

absl::StatusOr<v1::ListEventsResponse> AuditService::List(const rpc::Call& call,
                                                          const v1::ListEventsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const EventOrder order = request.order() == v1::ORDER_OLDEST_FIRST ? EventOrder::kOldestFirst
                                                                     : EventOrder::kNewestFirst;
  ASSIGN_OR_RETURN(const EventFilter filter, EventFilter::FromProto(request.filter()));
  ASSIGN_OR_RETURN(const int size, PageSizeOf(request.page_size()));
  ASSIGN_OR_RETURN(const SequenceRange rest, ParsePageToken(order, request.page_token()));
  const outbox::v1::AuditEvent own = outbox::Succeeded(
      call, clock_, "audit.list", {std::string(kTrail), "", ""}, {{"filters", filter.Names()}});

  ASSIGN_OR_RETURN(
      const EventPage page,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<EventPage>> {
            RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, own));
            ASSIGN_OR_RETURN(const EventSearch search,
                             EventSearch::Prepare(tx, call.tenant, filter, rest));
            // One more than shown tells whether there is a next page.
            return search.List(tx, call.tenant, search.range(), order, size + 1);
          }));
  return PageOf(page, order, static_cast<size_t>(size));
}

absl::StatusOr<v1::GetEventResponse> AuditService::Get(const rpc::Call& call,
                                                       const v1::GetEventRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const SignedCheckpoint head, checkpointer_.Current(call));
  const uint64_t sequence = request.sequence();
  const outbox::v1::AuditEvent own = outbox::Succeeded(
      call, clock_, "audit.get", {std::string(kTrail), "", ""}, {{"sequence", StrCat(sequence)}});
  if (sequence >= head.checkpoint.size) return NotFound("event");

  LogNodes nodes(call.tenant, head.checkpoint.size);
  ASSIGN_OR_RETURN(
      EventRecord record,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<EventRecord> {
        RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, own));
        auto found = event_store::Read(tx, call.tenant, {sequence, sequence + 1}, 1);
        auto archive = archive_store::FindWith(tx, call.tenant, sequence);
        // What is pruned has no nodes either: whether it is there is said first.
        const absl::Status loaded =
            nodes.Load(tx, merkle::InclusionNodes(sequence, head.checkpoint.size));
        ASSIGN_OR_RETURN(std::vector<EventRecord> records, found.Await());
        ASSIGN_OR_RETURN(const std::optional<Archive> bundle, archive.Await());
        if (records.empty()) return bundle ? ArchivedEvent(*bundle) : NotFound("event");
        RETURN_IF_ERROR(loaded);
        return std::move(records.front());
      }));
  v1::GetEventResponse reply;
  ASSIGN_OR_RETURN(*reply.mutable_event(), EventOf(record));
  ASSIGN_OR_RETURN(const merkle::ExportedEvent exported,
                   ExportedOf(std::move(record), nodes, head.checkpoint.size));
  ASSIGN_OR_RETURN(*reply.mutable_export_line(), merkle::ExportLine(exported));
  reply.set_checkpoint(head.note);
  return reply;
}

absl::StatusOr<v1::GetCheckpointResponse> AuditService::Checkpoint(
    const rpc::Call& call, const v1::GetCheckpointRequest&) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(SignedCheckpoint head, checkpointer_.Current(call));
  v1::GetCheckpointResponse reply;
  reply.set_checkpoint(std::move(head.note));
  reply.set_verifier_key(std::move(head.verifier_key));
  reply.set_size(head.checkpoint.size);
  return reply;
}

absl::StatusOr<v1::GetConsistencyProofResponse> AuditService::Consistency(
    const rpc::Call& call, const v1::GetConsistencyProofRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const uint64_t old_size = request.old_size();
  const uint64_t new_size = request.new_size();
  if (old_size == 0) return InvalidField("old_size", "must be at least 1");
  if (old_size > new_size) return InvalidField("new_size", "must not be less than old_size");

  LogNodes nodes(call.tenant, new_size);
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<HeadState> head,
                     checkpoint_store::Find(tx, call.tenant).Await());
    const uint64_t size = head ? head->size : 0;
    if (new_size > size) {
      return InvalidField("new_size", StrCat("is past the log's ", size, " events"));
    }
    const absl::Status loaded = nodes.Load(tx, merkle::ConsistencyNodes(old_size, new_size));
    // Last: what was pruned meanwhile is known by then.
    ASSIGN_OR_RETURN(const uint64_t begins, tree_store::ReadStart(tx, call.tenant).Await());
    if (absl::IsDataLoss(loaded) && old_size < begins) {
      return Error(absl::StatusCode::kNotFound, "LOG_PRUNED",
                   StrCat("the log begins with event ", begins,
                          ": consistency is provable from that size on"));
    }
    return loaded;
  }));
  ASSIGN_OR_RETURN(const std::vector<merkle::Hash> proof,
                   merkle::BuildConsistency(old_size, new_size, nodes));
  v1::GetConsistencyProofResponse reply;
  for (const merkle::Hash& hash : proof) reply.add_hashes(std::string(merkle::View(hash)));
  return reply;
}

absl::Status AuditService::Export(const rpc::Call& call, const v1::ExportEventsRequest& request,
                                  rpc::StreamWriter<v1::ExportEventsResponse>& writer) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const EventFilter filter, EventFilter::FromProto(request.filter()));
  if (!v1::ExportFormat_IsValid(request.format())) {
    return InvalidField("format", "must be one of the formats");
  }
  const v1::ExportFormat format = request.format() == v1::EXPORT_FORMAT_UNSPECIFIED
                                      ? v1::EXPORT_FORMAT_PROOFS
                                      : request.format();
  ASSIGN_OR_RETURN(const auto signer, key_.Get());
  ASSIGN_OR_RETURN(const SignedCheckpoint head, checkpointer_.Current(call));
  // Before the first line leaves; after the checkpoint, so it is not in the file that it tells of.
  const outbox::v1::AuditEvent own =
      outbox::Succeeded(call, clock_, "audit.export", {std::string(kTrail), "", ""},
                        {{"filters", filter.Names()},
                         {"size", StrCat(head.checkpoint.size)},
                         {"format", v1::ExportFormat_Name(format)}});
  ASSIGN_OR_RETURN(
      const uint64_t begins,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<uint64_t>> {
            RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, own));
            return tree_store::ReadStart(tx, call.tenant);
          }));
  return ExportStream(database_, call, filter, format, head.checkpoint, begins, *signer)
      .Run(writer);
}

absl::Status AuditService::Tail(const rpc::Call& call, const v1::TailEventsRequest& request,
                                rpc::StreamWriter<v1::TailEventsResponse>& writer) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  // Entered first, for a tenant that may not.
  ASSIGN_OR_RETURN(const std::optional<HeadState> head,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return checkpoint_store::Find(tx, call.tenant);
                   }));
  ASSIGN_OR_RETURN(const EventFilter filter, EventFilter::FromProto(request.filter()));
  if (filter.start || filter.end) {
    return InvalidField("filter", "must have no times: a tail follows the sequence");
  }
  const uint64_t size = head ? head->size : 0;
  const uint64_t first = request.has_from_sequence() ? request.from_sequence() : size;
  if (first > size) {
    return InvalidField("from_sequence", StrCat("is past the log's ", size, " events"));
  }
  ASSIGN_OR_RETURN(auto watch, growth_.Follow(call.tenant));
  // Committed before the first event leaves, and one of those that follow.
  const outbox::v1::AuditEvent own =
      outbox::Succeeded(call, clock_, "audit.tail", {std::string(kTrail), "", ""},
                        {{"filters", filter.Names()}, {"from_sequence", StrCat(first)}});
  RETURN_IF_ERROR(database_.WithTenant(
      call, [&](postgres::Transaction& tx) { return outbox_.AppendAudit(tx, call, own); }));
  return TailStream(database_, call, filter, first, std::move(watch)).Run(writer);
}

absl::StatusOr<v1::CountEventsResponse> AuditService::Count(const rpc::Call& call,
                                                            const v1::CountEventsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const DayRange days, DayRange::FromProto(request, clock_.Now()));
  const outbox::v1::AuditEvent own =
      outbox::Succeeded(call, clock_, "audit.count", {std::string(kTrail), "", ""});

  using Counts = std::vector<DayCount>;
  ASSIGN_OR_RETURN(
      const Counts counts,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Counts> {
        RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, own));
        ASSIGN_OR_RETURN(const uint64_t lag, count_store::Lag(tx, call.tenant).Await());
        if (lag > kMostUncounted) return CountsBehind();
        // The log may have grown since: twice the room.
        return count_store::List(tx, call.tenant, days.first, days.past, 2 * kMostUncounted,
                                 kMostCounts + 1)
            .Await();
      }));
  if (counts.size() > static_cast<size_t>(kMostCounts)) {
    return Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_COUNTS",
                 StrCat("there are more than ", kMostCounts, " counts: ask for fewer days"));
  }
  v1::CountEventsResponse reply;
  for (const DayCount& count : counts) {
    auto* one = reply.add_counts();
    one->set_day(FormatDay(count.day));
    one->set_action(count.action);
    one->set_events(count.events);
  }
  return reply;
}

}  // namespace kasbah::audit
