#include "services/webhook/rpc/subject_service.h"

#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/webhook/domain/personal_columns.h"

namespace kasbah::webhook {
namespace {

// The subject stands in no attribute: the trail keeps that it happened, not about whom.
const outbox::Target kTarget{"subject", "", ""};

// The nil id, which no message has, for subjects that are no customers.
CustomerId CustomerOf(const subject::v1::Subject& subject) {
  return CustomerId::Parse(subject.id()).value_or(CustomerId());
}

}  // namespace

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  using Bodies = std::vector<DeliveryStore::Body>;
  ASSIGN_OR_RETURN(const Bodies bodies,
                   database_.WithTenantInAnyState(
                       call, postgres::AnyStateToken::ForErasure(),
                       [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Bodies>> {
                         auto found =
                             deliveries_.BodiesOf(tx, call.tenant, CustomerOf(request.subject()));
                         RETURN_IF_ERROR(outbox_.AppendAudit(
                             tx, call, outbox::Succeeded(call, clock_, "subject.export", kTarget)));
                         return found;
                       }));
  subject::v1::ExportSubjectResponse reply;
  for (const DeliveryStore::Body& body : bodies) {
    subject::v1::PersonalValue* value = reply.add_values();
    value->set_column(std::string(kMessageBodyColumn));
    value->set_row_id(body.message.ToString());
    value->set_value(body.body);
  }
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  ASSIGN_OR_RETURN(
      const uint64_t erased,
      database_.WithTenantInAnyState(
          call, postgres::AnyStateToken::ForErasure(),
          [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<uint64_t>> {
            auto rows = deliveries_.BlankBodiesOf(tx, call.tenant, CustomerOf(request.subject()));
            RETURN_IF_ERROR(outbox_.AppendAudit(
                tx, call, outbox::Succeeded(call, clock_, "subject.erase", kTarget)));
            return rows;
          }));
  subject::v1::EraseSubjectResponse reply;
  (*reply.mutable_erased())[std::string(kMessageBodyColumn)] = erased;
  return reply;
}

}  // namespace kasbah::webhook
