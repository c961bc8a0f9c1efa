#pragma once

#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/webhook/store/delivery_store.h"

namespace kasbah::webhook {

// The rights of a data subject in what was sent about them. A message knows its customer, so that
// is whom it can be found by; a subject of another kind has nothing here that could be found.
class SubjectService final : public subject::v1::SubjectService::CallbackService {
 public:
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                 const Clock& clock)
      : pipeline_(pipeline), database_(database), outbox_(outbox), clock_(clock) {}

  grpc::ServerUnaryReactor* ExportSubject(grpc::CallbackServerContext* context,
                                          const subject::v1::ExportSubjectRequest* request,
                                          subject::v1::ExportSubjectResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SubjectService::Export, this);
  }
  grpc::ServerUnaryReactor* EraseSubject(grpc::CallbackServerContext* context,
                                         const subject::v1::EraseSubjectRequest* request,
                                         subject::v1::EraseSubjectResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SubjectService::Erase, this);
  }

 private:
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const subject::v1::ExportSubjectRequest& request);
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const subject::v1::EraseSubjectRequest& request);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  const DeliveryStore deliveries_{};
};

}  // namespace kasbah::webhook
