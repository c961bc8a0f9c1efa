#pragma once

#include "libs/subject/subject_service.h"
#include "services/tenant_data/store/file_store.h"
#include "services/tenant_data/store/subject_store.h"

namespace kasbah::tenantdata {

// What this schema knows about a person (kPersonalColumns): as a customer, by cus_… or by the
// tenant's own name for it, and the files that are said to be theirs.
class SubjectService final : public subject::SubjectService {
 public:
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                 const Clock& clock)
      : subject::SubjectService(pipeline, database, outbox, clock) {}

 private:
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) override;
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) override;

  SubjectStore subjects_;
  FileStore files_;
};

}  // namespace kasbah::tenantdata
