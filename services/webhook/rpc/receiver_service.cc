#include "services/webhook/rpc/receiver_service.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/receiver.h"
#include "libs/telemetry/log.h"

namespace kasbah::webhook {
namespace {

// A batch's entries, told apart before anything is locked.
struct Sorted {
  std::vector<Message> messages;
  std::vector<QuarantinedEntry> quarantined;
};

Sorted Sort(const outbox::v1::ReceiveBatchRequest& request, absl::Time now) {
  Sorted sorted;
  for (const outbox::v1::Entry& entry : request.entries()) {
    // CheckBatch saw to the size.
    const TenantId tenant(Uuid::FromBytes(entry.tenant()).value());
    absl::StatusOr<Message> message = ParseMessage(tenant, MessageId::New(now), entry.payload());
    if (message.ok()) {
      sorted.messages.push_back(*std::move(message));
    } else {
      sorted.quarantined.push_back(
          {tenant, entry.id(), ReasonOf(message.status()), entry.payload()});
    }
  }
  return sorted;
}

}  // namespace

ReceiverService::ReceiverService(rpc::Pipeline& pipeline, postgres::Door& queue,
                                 std::function<void()> received, const Clock& clock)
    : pipeline_(pipeline), queue_(queue), received_(std::move(received)), clock_(clock) {}

absl::StatusOr<outbox::v1::ReceiveBatchResponse> ReceiverService::Receive(
    const rpc::Call& call, const outbox::v1::ReceiveBatchRequest& request) {
  ASSIGN_OR_RETURN(const Uuid epoch, outbox::CheckBatch(request, outbox::v1::TOPIC_CHANGE));
  const BatchSource source{call.workload, request.shard(), epoch};
  const Sorted sorted = Sort(request, clock_.Now());

  using Queued = postgres::Pending<int64_t>;
  const absl::StatusOr<int64_t> received =
      queue_.Run(call.deadline, [&](postgres::Transaction& tx) -> absl::StatusOr<Queued> {
        Queued queued(&tx, [] { return 0; });
        ASSIGN_OR_RETURN(const outbox::ReceiverCursor cursor,
                         inbox_.LockCursor(tx, source).Await());
        ASSIGN_OR_RETURN(const outbox::BatchDecision decision,
                         outbox::DecideBatch(cursor, request));
        if (decision == outbox::BatchDecision::kAcknowledge) return queued;
        if (!sorted.messages.empty()) queued = inbox_.FanOut(tx, sorted.messages);
        if (!sorted.quarantined.empty()) inbox_.Quarantine(tx, source, sorted.quarantined);
        inbox_.MoveCursor(tx, source, {request.batch(), request.digest()});
        return queued;
      });
  if (!received.ok()) {
    if (absl::IsFailedPrecondition(received.status())) {
      telemetry::LogError("a batch does not follow the last one",
                          {{"source", call.workload},
                           {"batch", request.batch()},
                           {"reason", ReasonOf(received.status())}});
    }
    return received.status();
  }
  // Most events are of tenants that nobody delivers for: whoever delivers is not woken for those.
  if (*received > 0) received_();

  outbox::v1::ReceiveBatchResponse reply;
  reply.set_last_batch(request.batch());
  for (const QuarantinedEntry& entry : sorted.quarantined) {
    telemetry::LogError(
        "a change event is in quarantine",
        {{"source", call.workload}, {"outbox_id", entry.outbox_id}, {"reason", entry.reason}});
    reply.add_quarantined(entry.outbox_id);
  }
  return reply;
}

}  // namespace kasbah::webhook
