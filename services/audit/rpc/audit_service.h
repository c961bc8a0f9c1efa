#pragma once

#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/log/checkpointer.h"
#include "services/audit/log/flusher.h"
#include "services/audit/log/growth_signal.h"
#include "services/audit/rpc/event_appender.h"

namespace kasbah::audit {

// A tenant's trail, for those who may read it. Each reading of events is an event itself, committed
// with the reading.
class AuditService final : public v1::AuditService::CallbackService {
 public:
  AuditService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
               Checkpointer& checkpointer, const SigningKey& key, Flusher& flusher,
               GrowthSignal& growth, const Clock& clock);

  grpc::ServerUnaryReactor* ListEvents(grpc::CallbackServerContext* context,
                                       const v1::ListEventsRequest* request,
                                       v1::ListEventsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &AuditService::List, this);
  }
  grpc::ServerUnaryReactor* GetEvent(grpc::CallbackServerContext* context,
                                     const v1::GetEventRequest* request,
                                     v1::GetEventResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &AuditService::Get, this);
  }
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest* request,
                                          v1::GetCheckpointResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &AuditService::Checkpoint, this);
  }
  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext* context,
                                                const v1::GetConsistencyProofRequest* request,
                                                v1::GetConsistencyProofResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &AuditService::Consistency, this);
  }
  grpc::ServerWriteReactor<v1::ExportEventsResponse>* ExportEvents(
      grpc::CallbackServerContext* context, const v1::ExportEventsRequest* request) override {
    return pipeline_.RunStream(context, *request, &AuditService::Export, this);
  }
  grpc::ServerWriteReactor<v1::TailEventsResponse>* TailEvents(
      grpc::CallbackServerContext* context, const v1::TailEventsRequest* request) override {
    return pipeline_.RunStream(context, *request, &AuditService::Tail, this);
  }
  grpc::ServerUnaryReactor* CountEvents(grpc::CallbackServerContext* context,
                                        const v1::CountEventsRequest* request,
                                        v1::CountEventsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &AuditService::Count, this);
  }
  grpc::ServerUnaryReactor* AppendEvents(grpc::CallbackServerContext* context,
                                         const v1::AppendEventsRequest* request,
                                         v1::AppendEventsResponse* reply) override {
    return pipeline_.RunShared(context, *request, reply, &EventAppender::Start,
                               &EventAppender::Append, &appender_);
  }

 private:
  absl::StatusOr<v1::ListEventsResponse> List(const rpc::Call& call,
                                              const v1::ListEventsRequest& request);
  absl::StatusOr<v1::GetEventResponse> Get(const rpc::Call& call,
                                           const v1::GetEventRequest& request);
  absl::StatusOr<v1::GetCheckpointResponse> Checkpoint(const rpc::Call& call,
                                                       const v1::GetCheckpointRequest& request);
  absl::StatusOr<v1::GetConsistencyProofResponse> Consistency(
      const rpc::Call& call, const v1::GetConsistencyProofRequest& request);
  absl::Status Export(const rpc::Call& call, const v1::ExportEventsRequest& request,
                      rpc::StreamWriter<v1::ExportEventsResponse>& writer);
  absl::Status Tail(const rpc::Call& call, const v1::TailEventsRequest& request,
                    rpc::StreamWriter<v1::TailEventsResponse>& writer);
  absl::StatusOr<v1::CountEventsResponse> Count(const rpc::Call& call,
                                                const v1::CountEventsRequest& request);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  Checkpointer& checkpointer_;
  const SigningKey& key_;
  GrowthSignal& growth_;
  const Clock& clock_;
  EventAppender appender_;
};

}  // namespace kasbah::audit
