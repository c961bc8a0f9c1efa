#pragma once

#include "libs/subject/subject_service.h"
#include "services/webhook/store/delivery_store.h"
#include "services/webhook/store/tenant_tables.h"

namespace kasbah::webhook {

// The rights of a data subject in what was sent about them. A message knows its customer, so that
// is whom it can be found by; a subject of another kind has nothing here that could be found.
class SubjectService final : public subject::SubjectService {
 public:
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                 const Clock& clock);

 private:
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) override;
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) override;

  const DeliveryStore deliveries_{};
};

}  // namespace kasbah::webhook
