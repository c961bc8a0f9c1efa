#pragma once

#include "libs/subject/subject_service.h"
#include "services/@schema@/store/@resource@_store.h"
#include "services/@schema@/store/tenant_tables.h"

namespace kasbah::@package@ {

// The rights of a data subject in what they made.
class SubjectService final : public subject::SubjectService {
 public:
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                 const Clock& clock);

 private:
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) override;
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) override;

  const @Resource@Store @plural@_{};
};

}  // namespace kasbah::@package@
