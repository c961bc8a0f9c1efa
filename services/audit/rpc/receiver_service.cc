#include "services/audit/rpc/receiver_service.h"

#include <memory>
#include <utility>

#include "libs/base/status_macros.h"

namespace kasbah::audit {

ReceiverService::ReceiverService(rpc::Pipeline& pipeline, Flusher& flusher)
    : pipeline_(pipeline), flusher_(flusher) {}

absl::StatusOr<outbox::v1::ReceiveBatchResponse> ReceiverService::Receive(
    const rpc::Call& call, const outbox::v1::ReceiveBatchRequest& request) {
  ASSIGN_OR_RETURN(Batch batch, PrepareBatch(request, call.workload));
  ASSIGN_OR_RETURN(const FlushReport::Outcome outcome,
                   flusher_.Apply(std::make_shared<const Batch>(std::move(batch)), call.deadline));
  outbox::v1::ReceiveBatchResponse reply;
  reply.set_last_batch(outcome.last_batch);
  for (const uint64_t id : outcome.quarantined) reply.add_quarantined(id);
  return reply;
}

}  // namespace kasbah::audit
