#include "services/audit/sinks/batch_reader.h"

#include <algorithm>
#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/merkle/export_format.h"
#include "services/audit/domain/event_filter.h"
#include "services/audit/domain/event_match.h"
#include "services/audit/log/event_forms.h"
#include "services/audit/log/log_nodes.h"
#include "services/audit/log/missing_event.h"
#include "services/audit/store/event_store.h"
#include "services/audit/store/tree_store.h"

namespace kasbah::audit {
namespace {

constexpr uint64_t kEvents = 500;
constexpr size_t kBytes = 256 * 1024;

// How many of these make a batch: at least one.
size_t CountFitting(const std::vector<EventRecord>& records) {
  size_t bytes = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    bytes += records[i].body.size();
    if (bytes > kBytes && i > 0) return i;
  }
  return records.size();
}

// As an export's manifest states it.
std::string RangeJson(const SinkBatch& batch, const EventFilter& filter) {
  const std::string json = filter.ToJson();
  return StrCat("{\"first_sequence\":", batch.first, ",\"past_sequence\":", batch.past,
                json == "{}" ? "" : ",", std::string_view(json).substr(1));
}

}  // namespace

absl::StatusOr<SinkBatch> BatchReader::Read(const CallContext& call, const Sink& sink,
                                            std::optional<uint64_t> past) {
  ASSIGN_OR_RETURN(const EventFilter filter, EventFilter::FromProto(sink.settings.filter));
  SinkBatch batch;
  batch.tenant = call.tenant;
  batch.first = sink.next;
  batch.past = past.value_or(std::min(sink.log_size, sink.next + kEvents));
  // The whole range, whatever the filter: so that a gap is seen, and found by no index.
  std::vector<EventRecord> records;
  uint64_t begins = 0;
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    auto found =
        event_store::Read(tx, call.tenant, {batch.first, batch.past}, static_cast<int>(kEvents));
    auto start = tree_store::ReadStart(tx, call.tenant);
    ASSIGN_OR_RETURN(records, found.Await());
    ASSIGN_OR_RETURN(begins, start.Await());
    return absl::OkStatus();
  }));
  for (size_t i = 0; i < records.size(); ++i) {
    if (records[i].sequence != batch.first + i) return MissingEvent(batch.first + i, begins);
  }
  if (records.size() != batch.past - batch.first) {
    return MissingEvent(batch.first + records.size(), begins);
  }
  if (!past) {
    records.resize(CountFitting(records));
    batch.past = batch.first + records.size();
  }
  std::vector<EventRecord> picked;
  for (EventRecord& record : records) {
    ASSIGN_OR_RETURN(SentEvent event, SentEventOf(call.tenant, record));
    if (!Matches(filter, event.what())) continue;
    // A size of the log that has the whole batch, and the same whenever the batch is read.
    event.log_size = batch.past;
    batch.events.push_back(std::move(event));
    picked.push_back(std::move(record));
  }
  if (sink.settings.target.has_s3() && !picked.empty()) {
    RETURN_IF_ERROR(AddProofs(call, filter, std::move(picked), &batch));
  }
  return batch;
}

absl::Status BatchReader::AddProofs(const CallContext& call, const EventFilter& filter,
                                    std::vector<EventRecord> records, SinkBatch* batch) {
  ASSIGN_OR_RETURN(const auto signer, key_.Get());
  ASSIGN_OR_RETURN(const SignedCheckpoint head, checkpointer_.Current(call));
  const uint64_t size = head.checkpoint.size;
  LogNodes nodes(call.tenant, size);
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    std::vector<merkle::NodeId> wanted;
    for (const EventRecord& record : records) {
      const auto some = merkle::InclusionNodes(record.sequence, size);
      wanted.insert(wanted.end(), some.begin(), some.end());
    }
    return nodes.Load(tx, wanted);
  }));
  merkle::ExportWriter lines(head.checkpoint, RangeJson(*batch, filter), *signer);
  ASSIGN_OR_RETURN(batch->proofs, lines.Header());
  for (EventRecord& record : records) {
    ASSIGN_OR_RETURN(const merkle::ExportedEvent event, ExportedOf(std::move(record), nodes, size));
    ASSIGN_OR_RETURN(const std::string line, lines.Line(event));
    batch->proofs += line;
  }
  ASSIGN_OR_RETURN(const std::string trailer, lines.Trailer());
  batch->proofs += trailer;
  return absl::OkStatus();
}

}  // namespace kasbah::audit
