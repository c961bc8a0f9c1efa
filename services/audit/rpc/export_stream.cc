#include "services/audit/rpc/export_stream.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/merkle/export_range.h"
#include "services/audit/formats/format.h"
#include "services/audit/log/event_forms.h"
#include "services/audit/log/missing_event.h"
#include "services/audit/store/tree_store.h"

namespace kasbah::audit {
namespace {

constexpr int kPage = 500;
constexpr size_t kChunkBytes = 512 * 1024;

}  // namespace

ExportStream::ExportStream(postgres::Database& database, const CallContext& call,
                           const EventFilter& filter, v1::ExportFormat format,
                           const merkle::Checkpoint& checkpoint, uint64_t begins,
                           const crypto::Ed25519Key& key)
    : database_(database),
      call_(call),
      filter_(filter),
      format_(format),
      size_(checkpoint.size),
      begins_(begins),
      whole_(filter.ToJson() == "{}"),
      gapless_(merkle::GaplessFrom(filter.ToJson(), checkpoint.size).has_value()),
      lines_(checkpoint, merkle::StatementFrom(filter.ToJson(), begins, checkpoint.size), key),
      nodes_(call.tenant, checkpoint.size),
      rest_{0, checkpoint.size} {
  if (whole_) due_ = begins;
}

absl::Status ExportStream::Run(rpc::StreamWriter<v1::ExportEventsResponse>& writer) {
  ASSIGN_OR_RETURN(*chunk_.mutable_lines(),
                   has_proofs() ? lines_.Header() : absl::StatusOr<std::string>(HeaderOf(format_)));
  while (rest_.first < rest_.past) {
    ASSIGN_OR_RETURN(EventPage page, NextPage());
    if (page.records.empty() && !page.stopped_at) break;
    rest_.first = 1 + (page.stopped_at ? *page.stopped_at : page.records.back().sequence);
    RETURN_IF_ERROR(SendPage(std::move(page.records), writer));
    if (writer.Done()) return absl::CancelledError("the stream is over");
    nodes_.ForgetLeavesBefore(rest_.first);
  }
  if (whole_ && *due_ < size_) RETURN_IF_ERROR(CheckDue(size_));
  if (has_proofs()) {
    ASSIGN_OR_RETURN(const std::string trailer, lines_.Trailer());
    chunk_.mutable_lines()->append(trailer);
  }
  return Send(writer, true);
}

absl::StatusOr<EventPage> ExportStream::NextPage() {
  std::optional<EventSearch> search = search_;
  SequenceRange range = rest_;
  absl::StatusOr<EventPage> page =
      database_.WithTenant(call_, [&](postgres::Transaction& tx) -> absl::StatusOr<EventPage> {
        if (!search) {
          ASSIGN_OR_RETURN(search, EventSearch::Prepare(tx, call_.tenant, filter_, rest_));
          range = search->range();
        }
        ASSIGN_OR_RETURN(EventPage found,
                         search->ListWithLeaves(tx, call_.tenant, range, kPage).Await());
        std::vector<merkle::NodeId> wanted;
        for (const EventRecord& record : found.records) {
          if (!has_proofs()) break;
          const auto nodes = merkle::InclusionNodes(record.sequence, size_);
          wanted.insert(wanted.end(), nodes.begin(), nodes.end());
        }
        RETURN_IF_ERROR(nodes_.Load(tx, wanted));
        return found;
      });
  rest_ = range;
  search_ = std::move(search);
  return page;
}

absl::Status ExportStream::SendPage(std::vector<EventRecord> page,
                                    rpc::StreamWriter<v1::ExportEventsResponse>& writer) {
  for (EventRecord& record : page) {
    RETURN_IF_ERROR(CheckDue(record.sequence));
    ASSIGN_OR_RETURN(const std::string line, LineOfRecord(std::move(record)));
    chunk_.mutable_lines()->append(line);
    chunk_.set_events(chunk_.events() + 1);
    RETURN_IF_ERROR(Send(writer, false));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ExportStream::LineOfRecord(EventRecord record) {
  if (has_proofs()) {
    ASSIGN_OR_RETURN(const merkle::ExportedEvent event,
                     ExportedOf(std::move(record), nodes_, size_));
    return lines_.Line(event);
  }
  ASSIGN_OR_RETURN(SentEvent event, SentEventOf(call_.tenant, record));
  event.log_size = size_;
  return LineOf(format_, SyslogOrigin(), event);
}

absl::Status ExportStream::CheckDue(uint64_t sequence) {
  if (!gapless_ || sequence < begins_) return absl::OkStatus();
  if (!due_ || sequence == *due_) {
    due_ = sequence + 1;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const uint64_t begins,
                   database_.WithTenant(call_, [&](postgres::Transaction& tx) {
                     return tree_store::ReadStart(tx, call_.tenant);
                   }));
  return MissingEvent(*due_, begins);
}

absl::Status ExportStream::Send(rpc::StreamWriter<v1::ExportEventsResponse>& writer, bool last) {
  if (!last && chunk_.lines().size() < kChunkBytes) return absl::OkStatus();
  RETURN_IF_ERROR(writer.Write(chunk_));
  chunk_.Clear();
  return absl::OkStatus();
}

}  // namespace kasbah::audit
