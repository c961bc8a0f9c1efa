#pragma once

#include <map>
#include <memory>
#include <random>

#include "absl/synchronization/mutex.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/audit/sinks/batch_reader.h"
#include "services/audit/sinks/sink_secrets.h"
#include "services/audit/sinks/transport.h"

namespace kasbah::audit {

// One for each kind of target.
using Transports = std::map<v1::Sink::TargetCase, std::unique_ptr<Transport>>;

// Takes a claimed sink one batch further, or notes why not. Thread safe.
class SinkCourier {
 public:
  struct Parts {
    postgres::Database& database;
    outbox::Outbox& outbox;
    BatchReader& reader;
    SinkSecrets& secrets;
    Transports& transports;
    const Clock& clock;
  };
  // `timeout`: of a batch, from reading it to the receiver's answer. Everything in `parts` outlives
  // it.
  SinkCourier(Parts parts, absl::Duration timeout) : parts_(parts), timeout_(timeout) {}

  // Every step is committed before the next: the batch's bounds and id before it is sent, the
  // cursor after it was acknowledged. A process that ends anywhere between leaves a claim that
  // lapses, and the next one sends what was kept.
  void Serve(const sink_queue::Claim& claim);

  // The made-up event of TestSink, to the sink as it stands.
  Delivery Try(const CallContext& call, const Sink& sink);

 private:
  absl::Status ServeOnce(const CallContext& call, const sink_queue::Claim& claim);
  Delivery Send(const CallContext& call, const Sink& sink, const SinkBatch& batch);
  // Commits what a delivery came to.
  absl::Status Settle(const CallContext& call, const sink_queue::Claim& claim, const Sink& sink,
                      const SinkBatch& batch, Delivery delivery);
  absl::Status Advance(const CallContext& call, const sink_queue::Claim& claim, const Sink& sink,
                       const SinkBatch& batch, const Delivery& delivery);
  absl::Status PutOff(const CallContext& call, const sink_queue::Claim& claim, const Sink& sink,
                      const Delivery& delivery);
  double Random();

  const Parts parts_;
  const absl::Duration timeout_;
  absl::Mutex mutex_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_){std::random_device{}()};
};

}  // namespace kasbah::audit
