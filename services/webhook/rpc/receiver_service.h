#pragma once

#include <functional>

#include "kasbah/outbox/v1/outbox.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/webhook/store/inbox_store.h"

namespace kasbah::webhook {

// Takes in what the relays of other services carry: a batch becomes messages and their deliveries,
// and moves its cursor, in one transaction.
class ReceiverService final : public outbox::v1::ReceiverService::CallbackService {
 public:
  // `received` is called after each batch that may have brought something to send.
  ReceiverService(rpc::Pipeline& pipeline, postgres::Door& queue, std::function<void()> received,
                  const Clock& clock);

  grpc::ServerUnaryReactor* ReceiveBatch(grpc::CallbackServerContext* context,
                                         const outbox::v1::ReceiveBatchRequest* request,
                                         outbox::v1::ReceiveBatchResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ReceiverService::Receive, this);
  }

 private:
  absl::StatusOr<outbox::v1::ReceiveBatchResponse> Receive(
      const rpc::Call& call, const outbox::v1::ReceiveBatchRequest& request);

  rpc::Pipeline& pipeline_;
  postgres::Door& queue_;
  const std::function<void()> received_;
  const Clock& clock_;
  const InboxStore inbox_{};
};

}  // namespace kasbah::webhook
