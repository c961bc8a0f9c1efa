#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kasbah/audit/v1/audit.pb.h"
#include "libs/merkle/export_format.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/domain/event_filter.h"
#include "services/audit/log/log_nodes.h"
#include "services/audit/store/event_search.h"

namespace kasbah::audit {

// One export on its way out: pages of events with their proofs, each page a transaction of its own,
// since what was logged does not change. Holds a page and a few tiles, however long the log.
class ExportStream {
 public:
  // `format`: without proofs, unless it is EXPORT_FORMAT_PROOFS. `begins`: the log's first event;
  // of those before it, what is held may be there. `key` outlives it.
  ExportStream(postgres::Database& database, const CallContext& call, const EventFilter& filter,
               v1::ExportFormat format, const merkle::Checkpoint& checkpoint, uint64_t begins,
               const crypto::Ed25519Key& key);

  // DATA_LOSS, LOG_DAMAGED, where events, leaves or tiles are missing: no trailer follows then.
  // ABORTED, LOG_PRUNED, where they left for a bundle meanwhile.
  absl::Status Run(rpc::StreamWriter<v1::ExportEventsResponse>& writer);

 private:
  absl::StatusOr<EventPage> NextPage();
  absl::Status SendPage(std::vector<EventRecord> page,
                        rpc::StreamWriter<v1::ExportEventsResponse>& writer);
  absl::StatusOr<std::string> LineOfRecord(EventRecord record);
  // Of an export that leaves nothing out: whether event `sequence` is the one that is due.
  absl::Status CheckDue(uint64_t sequence);
  bool has_proofs() const { return format_ == v1::EXPORT_FORMAT_PROOFS; }
  // What has gathered, once it is worth a message; `last` whatever it is.
  absl::Status Send(rpc::StreamWriter<v1::ExportEventsResponse>& writer, bool last);

  postgres::Database& database_;
  const CallContext& call_;
  const EventFilter& filter_;
  const v1::ExportFormat format_;
  const uint64_t size_;
  const uint64_t begins_;
  // Whether the filter lets everything through, and everything between two times.
  const bool whole_;
  const bool gapless_;
  // The next event that must not be missing, once that is known.
  std::optional<uint64_t> due_;
  merkle::ExportWriter lines_;
  LogNodes nodes_;
  SequenceRange rest_;
  // What the filter means, once the first page has asked.
  std::optional<EventSearch> search_;
  // Lines that are not sent yet.
  v1::ExportEventsResponse chunk_;
};

}  // namespace kasbah::audit
