#pragma once

#include "libs/subject/subject_service.h"
#include "services/audit/store/tenant_tables.h"

namespace kasbah::audit {

// What the trail knows about a person: where they called from, with what, and their name
// (kPersonalColumns). Erasing destroys values and salts; the log keeps its commitments, which
// verify as before and tell nobody what the values were.
class SubjectService final : public subject::SubjectService {
 public:
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                 const Clock& clock);

 private:
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) override;
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) override;
  // The same for everybody in a tenant's trail.
  absl::StatusOr<bool> EraseFurther(const rpc::Call& call,
                                    subject::v1::EraseTenantResponse* reply) override;
};

}  // namespace kasbah::audit
