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
  // `format`: without proofs, unless it is EXPORT_FORMAT_PROOFS. `key` outlives it.
  ExportStream(postgres::Database& database, const CallContext& call, const EventFilter& filter,
               v1::ExportFormat format, const merkle::Checkpoint& checkpoint,
               const crypto::Ed25519Key& key);

  // DATA_LOSS, LOG_DAMAGED, where events, leaves or tiles are missing: no trailer follows then.
  absl::Status Run(rpc::StreamWriter<v1::ExportEventsResponse>& writer);

 private:
  absl::StatusOr<EventPage> NextPage();
  absl::Status SendPage(std::vector<EventRecord> page,
                        rpc::StreamWriter<v1::ExportEventsResponse>& writer);
  absl::StatusOr<std::string> LineOfRecord(EventRecord record);
  bool has_proofs() const { return format_ == v1::EXPORT_FORMAT_PROOFS; }
  // What has gathered, once it is worth a message; `last` whatever it is.
  absl::Status Send(rpc::StreamWriter<v1::ExportEventsResponse>& writer, bool last);

  postgres::Database& database_;
  const CallContext& call_;
  const EventFilter& filter_;
  const v1::ExportFormat format_;
  const uint64_t size_;
  merkle::ExportWriter lines_;
  LogNodes nodes_;
  SequenceRange rest_;
  // What the filter means, once the first page has asked.
  std::optional<EventSearch> search_;
  uint64_t events_ = 0;
  // Lines that are not sent yet.
  v1::ExportEventsResponse chunk_;
};

}  // namespace kasbah::audit
