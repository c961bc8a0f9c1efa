#include "services/webhook/rpc/subject_service.h"

#include "services/webhook/domain/personal_columns.h"

namespace kasbah::webhook {
namespace {

// The nil id, which no message has, for subjects that are no customers.
CustomerId CustomerOf(const subject::v1::Subject& subject) {
  return CustomerId::Parse(subject.id()).value_or(CustomerId());
}

}  // namespace

SubjectService::SubjectService(rpc::Pipeline& pipeline, postgres::Database& database,
                               outbox::Outbox& outbox, const Clock& clock)
    : subject::SubjectService(pipeline, database, outbox, clock, kTenantTables) {}

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<DeliveryStore::Body> bodies,
                   ExportAudited(call, [&](postgres::Transaction& tx) {
                     return deliveries_.BodiesOf(tx, call.tenant, CustomerOf(request.subject()));
                   }));
  subject::v1::ExportSubjectResponse reply;
  for (const DeliveryStore::Body& body : bodies) {
    AddValue(kMessageBodyColumn, body.message.ToString(), body.body, &reply);
  }
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  ASSIGN_OR_RETURN(const uint64_t erased, EraseAudited(call, [&](postgres::Transaction& tx) {
                     return deliveries_.BlankBodiesOf(tx, call.tenant,
                                                      CustomerOf(request.subject()));
                   }));
  subject::v1::EraseSubjectResponse reply;
  (*reply.mutable_erased())[std::string(kMessageBodyColumn)] = erased;
  return reply;
}

}  // namespace kasbah::webhook
