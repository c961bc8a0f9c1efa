#include "libs/outbox/relay.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "absl/random/random.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/hash.h"
#include "libs/outbox/relay_store.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::outbox {
namespace {

constexpr absl::Duration kSendTimeout = absl::Seconds(30);
constexpr absl::Duration kDatabaseTimeout = absl::Seconds(10);
constexpr absl::Duration kLongestBackoff = absl::Seconds(5);
// A batch of fewer costs more for itself than for its rows.
constexpr size_t kFewRows = 200;

std::string_view TopicName(v1::Topic topic) {
  return topic == v1::TOPIC_AUDIT ? "audit" : "change";
}

void AppendBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift));
  }
}

}  // namespace

struct Relay::State {
  State(RelayOptions o, postgres::Door& door, Outbox& outbox_ref, SendBatch send_batch,
        const Clock& real_clock)
      : options(std::move(o)),
        store(door, options.schema, TopicName(options.topic), Uuid::V7(real_clock.Now())),
        outbox(outbox_ref),
        send(std::move(send_batch)),
        clock(real_clock),
        oldest(telemetry::GetGauge("kasbah_outbox_oldest_seconds",
                                   "Age of the oldest event that its receiver has not acknowledged",
                                   Labels())),
        batches(telemetry::GetCounter("kasbah_outbox_batches_total",
                                      "Batches that their receiver acknowledged", Labels())),
        refused(telemetry::GetCounter("kasbah_outbox_refused_total",
                                      "Batches that their receiver refused", Labels())) {}

  telemetry::Labels Labels() const {
    return {{"topic", std::string(TopicName(options.topic))}, {"shard", options.shard}};
  }

  void Loop();
  absl::StatusOr<bool> Step();
  absl::Status Deliver(const Claim& claim);
  bool WaitFor(absl::Duration delay);
  bool Gather();

  RelayOptions options;
  RelayStore store;
  Outbox& outbox;
  SendBatch send;
  const Clock& clock;
  telemetry::Gauge& oldest;
  telemetry::Counter& batches;
  telemetry::Counter& refused;

  // Touched by the relay's thread alone: the batch that was acknowledged and not yet removed, and
  // when the last of a few rows was claimed.
  uint64_t acknowledged = 0;
  absl::Time claimed_few = absl::InfinitePast();

  absl::Mutex mutex;
  bool woken ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::thread thread;
};

Relay::Relay(RelayOptions options, postgres::Door& door, Outbox& outbox, SendBatch send,
             const Clock& clock)
    : state_(std::make_unique<State>(std::move(options), door, outbox, std::move(send), clock)) {
  outbox.AddWaker(this, [state = state_.get()] {
    absl::MutexLock lock(&state->mutex);
    state->woken = true;
  });
  state_->thread = std::thread([state = state_.get()] { state->Loop(); });
}

Relay::~Relay() {
  state_->outbox.RemoveWaker(this);
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  state_->thread.join();
}

std::string Relay::Digest(const google::protobuf::RepeatedPtrField<v1::Entry>& entries) {
  std::string framed;
  size_t size = 0;
  for (const v1::Entry& entry : entries) size += 12 + entry.payload().size();
  framed.reserve(size);
  for (const v1::Entry& entry : entries) {
    AppendBigEndian(entry.id(), 8, &framed);
    AppendBigEndian(entry.payload().size(), 4, &framed);
    framed += entry.payload();
  }
  return crypto::Sha256(framed);
}

// True when the relay should go on; waits for `delay`, a wake-up or the end.
bool Relay::State::WaitFor(absl::Duration delay) {
  absl::MutexLock lock(&mutex);
  mutex.AwaitWithTimeout(absl::Condition(
                             +[](State* s) { return s->woken || s->stopping; }, this),
                         delay);
  woken = false;
  return !stopping;
}

// Waits while a next batch would be of a few rows again. False at the end.
bool Relay::State::Gather() {
  // No longer than that, whatever becomes of the clock.
  const absl::Duration rest = claimed_few + options.gather - absl::Now();
  absl::MutexLock lock(&mutex);
  mutex.AwaitWithTimeout(absl::Condition(&stopping), std::min(rest, options.gather));
  return !stopping;
}

void Relay::State::Loop() {
  absl::BitGen random;
  int failures = 0;
  while (true) {
    const absl::StatusOr<bool> worked = Step();
    absl::Duration delay = options.poll;
    if (!worked.ok()) {
      failures = std::min(failures + 1, 10);
      delay = std::min(kLongestBackoff, options.poll * (1 << failures)) *
              absl::Uniform(random, 0.5, 1.0);
      if (failures == 1 || failures == 10) {
        telemetry::LogWarning("outbox relay cannot deliver and will try again",
                              {{"topic", TopicName(options.topic)},
                               {"reason", ReasonOf(worked.status())},
                               {"code", absl::StatusCodeToString(worked.status().code())}});
      }
      absl::MutexLock lock(&mutex);
      // While its receiver is away, new events are no reason to ask it sooner.
      mutex.AwaitWithTimeout(absl::Condition(&stopping), delay);
      if (stopping) break;
      continue;
    }
    failures = 0;
    if (*worked) {
      if (!Gather()) break;
      continue;
    }
    if (!WaitFor(delay)) break;
  }
  store.Release(acknowledged, absl::Now() + kDatabaseTimeout).IgnoreError();
}

// One batch, if there is one: removes the one acknowledged before and claims the next in one round
// trip, then sends it. False when there was nothing to do or another replica holds the relay row.
absl::StatusOr<bool> Relay::State::Step() {
  if (acknowledged == 0) {
    ASSIGN_OR_RETURN(const bool work, store.HasWork(options.lease, absl::Now() + kDatabaseTimeout));
    if (!work) {
      oldest.Set(0);
      return false;
    }
  }
  ASSIGN_OR_RETURN(const Claim claim,
                   store.AcknowledgeAndClaim(acknowledged, options.batch_rows, options.batch_bytes,
                                             options.lease, absl::Now() + kDatabaseTimeout));
  acknowledged = 0;
  if (!claim.held || claim.entries.empty()) {
    oldest.Set(0);
    return false;
  }
  claimed_few = claim.entries.size() < kFewRows ? absl::Now() : absl::InfinitePast();
  oldest.Set(absl::ToDoubleSeconds(std::max(absl::ZeroDuration(), clock.Now() - claim.oldest)));
  RETURN_IF_ERROR(Deliver(claim));
  acknowledged = claim.batch;
  batches.Add();
  return true;
}

absl::Status Relay::State::Deliver(const Claim& claim) {
  v1::ReceiveBatchRequest request;
  request.set_topic(options.topic);
  request.set_shard(options.shard);
  request.set_epoch(claim.epoch.ToString());
  request.set_batch(claim.batch);
  for (const ClaimedRow& row : claim.entries) {
    v1::Entry* entry = request.add_entries();
    entry->set_id(row.id);
    entry->set_tenant(std::string(row.tenant.uuid().view()));
    entry->set_payload(row.payload);
  }
  request.set_digest(Digest(request.entries()));
  absl::StatusOr<v1::ReceiveBatchResponse> reply = send(request, absl::Now() + kSendTimeout);
  if (!reply.ok()) {
    if (absl::IsFailedPrecondition(reply.status())) {
      refused.Add();
      telemetry::LogError("a receiver refused an outbox batch: its cursor and ours disagree",
                          {{"topic", TopicName(options.topic)},
                           {"batch", claim.batch},
                           {"reason", ReasonOf(reply.status())}});
    }
    return reply.status();
  }
  for (uint64_t id : reply->quarantined()) {
    telemetry::LogError("a receiver put an event into quarantine",
                        {{"topic", TopicName(options.topic)}, {"outbox_id", id}});
  }
  return absl::OkStatus();
}

}  // namespace kasbah::outbox
