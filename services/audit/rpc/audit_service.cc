#include "services/audit/rpc/audit_service.h"

#include <optional>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/audit/domain/event_filter.h"
#include "services/audit/log/log_nodes.h"
#include "services/audit/rpc/export_stream.h"
#include "services/audit/rpc/proto_conversion.h"
#include "services/audit/store/archive_store.h"
#include "services/audit/store/checkpoint_store.h"
#include "services/audit/store/event_store.h"
#include "services/audit/store/retention_store.h"

namespace kasbah::audit {
namespace {

constexpr std::string_view kTrail = "audit_log";

// Well under a message's limit, whatever the events' sizes: each is at most 1 MiB.
constexpr size_t kPageBytes = 4 * 1024 * 1024;

absl::Status Archived(const Archive& bundle) {
  return Error(absl::StatusCode::kNotFound, "EVENT_ARCHIVED",
               StrCat("the event left the log for bundle ", bundle.name));
}

absl::StatusOr<v1::ListEventsResponse> PageOf(const std::vector<EventRecord>& records,
                                              size_t size) {
  v1::ListEventsResponse reply;
  size_t bytes = 0;
  for (const EventRecord& record : records) {
    if (static_cast<size_t>(reply.events_size()) == size || bytes > kPageBytes) {
      reply.set_next_page_token(PageTokenOf(reply.events().rbegin()->sequence()));
      break;
    }
    ASSIGN_OR_RETURN(*reply.add_events(), EventOf(record));
    bytes += record.body.size();
  }
  return reply;
}

}  // namespace

absl::StatusOr<v1::ListEventsResponse> AuditService::List(const rpc::Call& call,
                                                          const v1::ListEventsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const EventFilter filter, EventFilter::FromProto(request.filter()));
  ASSIGN_OR_RETURN(const int size, PageSizeOf(request.page_size()));
  ASSIGN_OR_RETURN(const uint64_t below, ParsePageToken(request.page_token()));
  const outbox::v1::AuditEvent own = outbox::Succeeded(
      call, clock_, "audit.list", {std::string(kTrail), "", ""}, {{"filters", filter.Names()}});

  using Records = std::vector<EventRecord>;
  ASSIGN_OR_RETURN(
      const Records records,
      database_.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Records>> {
            RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, own));
            ASSIGN_OR_RETURN(const SequenceRange range,
                             event_store::Narrow(tx, call.tenant, filter, {0, below}));
            // One more than shown tells whether there is a next page.
            return event_store::ListNewestFirst(tx, call.tenant, filter, range, size + 1);
          }));
  return PageOf(records, static_cast<size_t>(size));
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
        auto found = event_store::ListOldestFirst(tx, call.tenant, EventFilter(),
                                                  {sequence, sequence + 1}, 1);
        auto archive = archive_store::FindWith(tx, call.tenant, sequence);
        // What is pruned has no nodes either: whether it is there is said first.
        const absl::Status loaded =
            nodes.Load(tx, merkle::InclusionNodes(sequence, head.checkpoint.size));
        ASSIGN_OR_RETURN(std::vector<EventRecord> records, found.Await());
        ASSIGN_OR_RETURN(const std::optional<Archive> bundle, archive.Await());
        if (records.empty()) return bundle ? Archived(*bundle) : NotFound("event");
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
    return nodes.Load(tx, merkle::ConsistencyNodes(old_size, new_size));
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
  ASSIGN_OR_RETURN(const auto signer, key_.Get());
  ASSIGN_OR_RETURN(const SignedCheckpoint head, checkpointer_.Current(call));
  // Before the first line leaves; after the checkpoint, so it is not in the file that it tells of.
  const outbox::v1::AuditEvent own =
      outbox::Succeeded(call, clock_, "audit.export", {std::string(kTrail), "", ""},
                        {{"filters", filter.Names()}, {"size", StrCat(head.checkpoint.size)}});
  ASSIGN_OR_RETURN(
      const retention_store::Choice retention,
      database_.WithTenant(call,
                           [&](postgres::Transaction& tx)
                               -> absl::StatusOr<postgres::Pending<retention_store::Choice>> {
                             RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, own));
                             return retention_store::Find(tx, call.tenant);
                           }));
  return ExportStream(database_, call, filter, head.checkpoint, retention.first_sequence, *signer)
      .Run(writer);
}

}  // namespace kasbah::audit
