#pragma once

#include "kasbah/outbox/v1/outbox.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/log/flusher.h"

namespace kasbah::audit {

// Where every service's relay brings its audit events. A batch is answered when it is committed.
class ReceiverService final : public outbox::v1::ReceiverService::CallbackService {
 public:
  ReceiverService(rpc::Pipeline& pipeline, Flusher& flusher);

  grpc::ServerUnaryReactor* ReceiveBatch(grpc::CallbackServerContext* context,
                                         const outbox::v1::ReceiveBatchRequest* request,
                                         outbox::v1::ReceiveBatchResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &ReceiverService::Receive, this);
  }

 private:
  absl::StatusOr<outbox::v1::ReceiveBatchResponse> Receive(
      const rpc::Call& call, const outbox::v1::ReceiveBatchRequest& request);

  rpc::Pipeline& pipeline_;
  Flusher& flusher_;
};

}  // namespace kasbah::audit
