#pragma once

#include <memory>

#include "absl/time/time.h"
#include "libs/postgres/database.h"
#include "services/audit/sinks/sink_courier.h"

namespace kasbah::audit {

struct SinkWorkerOptions {
  // Sinks served at once: each holds a batch in memory and a thread for as long as its receiver
  // takes, so this bounds both.
  int workers = 16;
  // How long a claim holds without being renewed; longer than a batch may take.
  absl::Duration lease = absl::Seconds(60);
  absl::Duration poll = absl::Milliseconds(250);
};

// Claims sinks that are due, of every tenant, and has each taken one batch further by a thread of
// its own; then the sink waits for its turn again. So no sink has two threads, one that is slow
// holds one and no other, and one that fails waits in the database where every replica sees it.
// Metrics: kasbah_audit_sink_lag_events, kasbah_audit_sink_silence_seconds,
// kasbah_audit_sink_batches_total, kasbah_audit_sink_events_total.
class SinkWorker {
 public:
  // `door` is ingest's. Both outlive it.
  SinkWorker(SinkWorkerOptions options, postgres::Door& door, SinkCourier& courier);
  // Claims nothing more and waits for what is on its way.
  ~SinkWorker();

  // Some log has grown, or a sink has changed.
  void Wake();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace kasbah::audit
