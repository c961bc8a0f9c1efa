#include "services/audit/rpc/export_stream.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/merkle/export_range.h"
#include "services/audit/rpc/proto_conversion.h"
#include "services/audit/store/retention_store.h"

namespace kasbah::audit {
namespace {

constexpr int kPage = 500;
constexpr size_t kChunkBytes = 512 * 1024;

// What the file says of itself: a log that begins later is whole from there on.
std::string StatementOf(const EventFilter& filter, uint64_t begins, uint64_t size) {
  const std::string asked = filter.ToJson();
  return asked == "{}" && begins > 0 ? merkle::RangeFilter({begins, size}) : asked;
}

}  // namespace

ExportStream::ExportStream(postgres::Database& database, const CallContext& call,
                           const EventFilter& filter, const merkle::Checkpoint& checkpoint,
                           uint64_t begins, const crypto::Ed25519Key& key)
    : database_(database),
      call_(call),
      filter_(filter),
      size_(checkpoint.size),
      whole_(filter.ToJson() == "{}"),
      due_(begins),
      lines_(checkpoint, StatementOf(filter, begins, checkpoint.size), key),
      nodes_(call.tenant, checkpoint.size),
      rest_{0, checkpoint.size} {}

absl::Status ExportStream::Run(rpc::StreamWriter<v1::ExportEventsResponse>& writer) {
  ASSIGN_OR_RETURN(*chunk_.mutable_lines(), lines_.Header());
  while (rest_.first < rest_.past) {
    ASSIGN_OR_RETURN(std::vector<EventRecord> page, NextPage());
    if (page.empty()) break;
    rest_.first = page.back().sequence + 1;
    RETURN_IF_ERROR(SendPage(std::move(page), writer));
    nodes_.ForgetLeavesBefore(rest_.first);
  }
  if (due_ < size_) RETURN_IF_ERROR(CheckDue(size_));
  ASSIGN_OR_RETURN(const std::string trailer, lines_.Trailer());
  chunk_.mutable_lines()->append(trailer);
  return Send(writer, true);
}

absl::StatusOr<std::vector<EventRecord>> ExportStream::NextPage() {
  SequenceRange range = rest_;
  absl::StatusOr<std::vector<EventRecord>> page = database_.WithTenant(
      call_, [&](postgres::Transaction& tx) -> absl::StatusOr<std::vector<EventRecord>> {
        if (!narrowed_) {
          ASSIGN_OR_RETURN(range, event_store::Narrow(tx, call_.tenant, filter_, rest_));
        }
        ASSIGN_OR_RETURN(
            std::vector<EventRecord> records,
            event_store::ListOldestFirst(tx, call_.tenant, filter_, range, kPage).Await());
        std::vector<merkle::NodeId> wanted;
        for (const EventRecord& record : records) {
          const auto nodes = merkle::InclusionNodes(record.sequence, size_);
          wanted.insert(wanted.end(), nodes.begin(), nodes.end());
        }
        RETURN_IF_ERROR(nodes_.Load(tx, wanted));
        return records;
      });
  rest_ = range;
  narrowed_ = true;
  return page;
}

absl::Status ExportStream::SendPage(std::vector<EventRecord> page,
                                    rpc::StreamWriter<v1::ExportEventsResponse>& writer) {
  for (EventRecord& record : page) {
    RETURN_IF_ERROR(CheckDue(record.sequence));
    ASSIGN_OR_RETURN(const merkle::ExportedEvent event,
                     ExportedOf(std::move(record), nodes_, size_));
    ASSIGN_OR_RETURN(const std::string line, lines_.Line(event));
    chunk_.mutable_lines()->append(line);
    chunk_.set_events(chunk_.events() + 1);
    RETURN_IF_ERROR(Send(writer, false));
  }
  return absl::OkStatus();
}

absl::Status ExportStream::CheckDue(uint64_t sequence) {
  if (!whole_ || sequence < due_) return absl::OkStatus();
  if (sequence == due_) {
    ++due_;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const retention_store::Choice now,
                   database_.WithTenant(call_, [&](postgres::Transaction& tx) {
                     return retention_store::Find(tx, call_.tenant);
                   }));
  if (now.first_sequence > due_) {
    return Error(absl::StatusCode::kAborted, "LOG_PRUNED",
                 StrCat("event ", due_, " left the log for a bundle meanwhile: export again"));
  }
  return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
               StrCat("the log is damaged: event ", due_, " is missing"));
}

absl::Status ExportStream::Send(rpc::StreamWriter<v1::ExportEventsResponse>& writer, bool last) {
  if (!last && chunk_.lines().size() < kChunkBytes) return absl::OkStatus();
  RETURN_IF_ERROR(writer.Write(chunk_));
  chunk_.Clear();
  return absl::OkStatus();
}

}  // namespace kasbah::audit
