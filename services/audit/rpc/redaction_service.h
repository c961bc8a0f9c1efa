#pragma once

#include <vector>

#include "kasbah/audit/v1/redaction.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/domain/redaction.h"

namespace kasbah::audit {

// Destroys personal values of events. The leaf keeps its commitment, so every proof stays as it was
// and nobody can tell, or try out, what the value was.
class RedactionService final : public v1::RedactionService::CallbackService {
 public:
  RedactionService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                   const Clock& clock);

  grpc::ServerUnaryReactor* RedactEvents(grpc::CallbackServerContext* context,
                                         const v1::RedactEventsRequest* request,
                                         v1::RedactEventsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RedactionService::Redact, this);
  }

 private:
  absl::StatusOr<v1::RedactEventsResponse> Redact(const rpc::Call& call,
                                                  const v1::RedactEventsRequest& request);
  absl::StatusOr<v1::RedactEventsResponse> RedactIn(postgres::Transaction& tx,
                                                    const rpc::Call& call,
                                                    const Redaction& redaction,
                                                    const std::string& reason);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
