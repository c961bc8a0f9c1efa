#include "services/audit/sinks/sink_courier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/outbox/audit_event.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"
#include "services/audit/store/sink_store.h"

namespace kasbah::audit {
namespace {

constexpr char kWorkload[] = "service/audit";
// Beside the time that a batch may take, for what is committed around it.
constexpr absl::Duration kBookkeeping = absl::Seconds(15);
constexpr absl::Duration kVaultTimeout = absl::Seconds(5);
// Of the sequences that one event of the trail names.
constexpr size_t kNamed = 20;

auto Unaudited() { return postgres::UnauditedToken::ForBookkeeping(); }

void Count(const Delivery& delivery, uint64_t events) {
  const std::string result = delivery.kind == Delivery::Kind::kTaken     ? "TAKEN"
                             : delivery.kind == Delivery::Kind::kRefused ? "REFUSED"
                                                                         : "NOT_NOW";
  telemetry::GetCounter("kasbah_audit_sink_batches_total", "Batches by what they came to",
                        {{"result", result}})
      .Add();
  if (delivery.kind != Delivery::Kind::kTaken) return;
  telemetry::GetCounter("kasbah_audit_sink_events_total", "Events that receivers took").Add(events);
}

std::string Listed(const std::vector<sink_queue::Refusal>& refused) {
  std::string text;
  for (size_t i = 0; i < std::min(refused.size(), kNamed); ++i) {
    StrAppend(&text, i == 0 ? "" : ",", refused[i].sequence);
  }
  return text;
}

}  // namespace

void SinkCourier::Serve(const sink_queue::Claim& claim) {
  const CallContext call = CallContext::ForBackground(kWorkload, claim.tenant,
                                                      parts_.clock.Now() + timeout_ + kBookkeeping);
  const absl::Status status = ServeOnce(call, claim);
  // A claim that is not given up lapses; a tenant that is suspended has its sinks looked at again
  // then. LEASE_LOST: somebody paused, changed or deleted it meanwhile.
  if (status.ok() || IsTenantRefused(status) || ReasonOf(status) == "LEASE_LOST" ||
      absl::IsNotFound(status)) {
    return;
  }
  telemetry::LogWarning("a sink waits", {{"sink", claim.sink.ToString()},
                                         {"tenant", claim.tenant.ToString()},
                                         {"reason", ReasonOf(status)}});
}

absl::Status SinkCourier::ServeOnce(const CallContext& call, const sink_queue::Claim& claim) {
  Sink sink;
  std::optional<sink_queue::Batch> kept;
  RETURN_IF_ERROR(parts_.database.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    auto found = sink_store::Get(tx, claim.tenant, claim.sink);
    auto batch = sink_queue::FindBatch(tx, claim);
    ASSIGN_OR_RETURN(sink, found.Await());
    ASSIGN_OR_RETURN(kept, batch.Await());
    return absl::OkStatus();
  }));
  absl::StatusOr<SinkBatch> batch =
      parts_.reader.Read(call, sink, kept ? std::optional<uint64_t>(kept->past) : std::nullopt);
  if (!batch.ok()) {
    if (IsTenantRefused(batch.status())) return batch.status();
    const std::string reason = ReasonOf(batch.status());
    RETURN_IF_ERROR(
        PutOff(call, claim, sink, Delivery::NotNow(reason.empty() ? "INTERNAL" : reason)));
    return batch.status();
  }
  // What the filter lets nothing through of is done without asking anybody.
  if (batch->events.empty()) return Advance(call, claim, sink, *batch, Delivery::Taken());
  if (!kept) {
    kept = sink_queue::Batch{Uuid::V7(parts_.clock.Now()), batch->past};
    RETURN_IF_ERROR(parts_.database
                        .WithTenantUnaudited(call, Unaudited(),
                                             [&](postgres::Transaction& tx) {
                                               return sink_queue::KeepBatch(tx, claim, *kept);
                                             })
                        .status());
  }
  batch->id = kept->id;
  return Settle(call, claim, sink, *batch, Send(call, sink, *batch));
}

Delivery SinkCourier::Send(const CallContext& call, const Sink& sink, const SinkBatch& batch) {
  const auto transport = parts_.transports.find(sink.settings.target.target_case());
  if (transport == parts_.transports.end()) return Delivery::NotNow("INTERNAL");
  CallContext opening = call;
  opening.deadline = std::min(call.deadline, parts_.clock.Now() + kVaultTimeout);
  const absl::StatusOr<crypto::SecretBytes> secret =
      parts_.secrets.Open(opening, sink.id, sink.sealed_secret);
  if (!secret.ok()) return Delivery::NotNow("SECRET_UNAVAILABLE");
  Delivery delivery =
      transport->second->Send(sink.settings.target, *secret, batch, absl::Now() + timeout_);
  Count(delivery, batch.events.size() - delivery.refused.size());
  return delivery;
}

absl::Status SinkCourier::Settle(const CallContext& call, const sink_queue::Claim& claim,
                                 const Sink& sink, const SinkBatch& batch, Delivery delivery) {
  if (delivery.kind == Delivery::Kind::kTaken) return Advance(call, claim, sink, batch, delivery);
  if (delivery.kind == Delivery::Kind::kNotNow) return PutOff(call, claim, sink, delivery);
  if (batch.events.size() > 1) {
    // One of them is refused: the first half is tried alone, under another id since it is another
    // batch.
    const sink_queue::Batch half{Uuid::V7(parts_.clock.Now()),
                                 batch.events[batch.events.size() / 2].event.sequence()};
    return parts_.database
        .WithTenantUnaudited(call, Unaudited(),
                             [&](postgres::Transaction& tx) {
                               sink_queue::KeepBatch(tx, claim, half);
                               return sink_queue::GiveUp(tx, claim);
                             })
        .status();
  }
  // Refused whatever it is sent: then it is not the events.
  if (sink.refusals + 1 >= kMaxRefusals) return PutOff(call, claim, sink, delivery);
  const uint64_t sequence = batch.events.front().event.sequence();
  delivery.refused = {{sequence, delivery.error}};
  return Advance(call, claim, sink, batch, delivery);
}

absl::Status SinkCourier::Advance(const CallContext& call, const sink_queue::Claim& claim,
                                  const Sink& sink, const SinkBatch& batch,
                                  const Delivery& delivery) {
  const uint64_t taken = batch.events.size() - delivery.refused.size();
  const auto advance = [&](postgres::Transaction& tx) {
    return sink_queue::Advance(tx, claim, batch.past, taken, delivery.refused);
  };
  // An event that was refused because it told of a refusal is reported, and is no news.
  const bool is_news =
      std::any_of(batch.events.begin(), batch.events.end(), [&](const SentEvent& event) {
        return event.what().action() != "audit.sink.refuse" &&
               std::any_of(delivery.refused.begin(), delivery.refused.end(),
                           [&](const sink_queue::Refusal& refusal) {
                             return refusal.sequence == event.event.sequence();
                           });
      });
  if (!is_news) {
    return parts_.database.WithTenantUnaudited(call, Unaudited(), advance).status();
  }
  outbox::v1::AuditEvent event = outbox::Failed(
      call, parts_.clock, "audit.sink.refuse", {"sink", sink.id.ToString(), sink.settings.name},
      outbox::v1::OUTCOME_FAILURE, delivery.refused.front().reason);
  (*event.mutable_attributes())["events"] = StrCat(delivery.refused.size());
  (*event.mutable_attributes())["sequences"] = Listed(delivery.refused);
  return parts_.database
      .WithTenant(
          call,
          [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<postgres::Result>> {
            RETURN_IF_ERROR(parts_.outbox.AppendAudit(tx, call, event));
            return advance(tx);
          })
      .status();
}

absl::Status SinkCourier::PutOff(const CallContext& call, const sink_queue::Claim& claim,
                                 const Sink& sink, const Delivery& delivery) {
  const absl::Duration delay = BackOff(sink.failures + 1, Random(), delivery.retry_after);
  const bool refused = delivery.kind == Delivery::Kind::kRefused;
  return parts_.database
      .WithTenantUnaudited(call, Unaudited(),
                           [&](postgres::Transaction& tx) {
                             return sink_queue::PutOff(tx, claim, delivery.error, delay, refused);
                           })
      .status();
}

Delivery SinkCourier::Try(const CallContext& call, const Sink& sink) {
  const absl::Time now = parts_.clock.Now();
  SentEvent event;
  event.tenant = call.tenant;
  *event.event.mutable_recorded_at() = ToTimestamp(now);
  *event.event.mutable_event() = outbox::Succeeded(
      call, parts_.clock, "audit.sink.test", {"sink", sink.id.ToString(), sink.settings.name});
  SinkBatch batch;
  batch.id = Uuid::V7(now);
  batch.tenant = call.tenant;
  batch.past = 1;
  batch.events.push_back(std::move(event));
  batch.proofs = "{\"kasbah_test\":true}\n";
  return Send(call, sink, batch);
}

double SinkCourier::Random() {
  const absl::MutexLock lock(&mutex_);
  return std::uniform_real_distribution<double>()(random_);
}

}  // namespace kasbah::audit
