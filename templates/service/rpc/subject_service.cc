#include "services/@schema@/rpc/subject_service.h"

#include <string>
#include <vector>

#include "libs/base/status_macros.h"
#include "services/@schema@/domain/personal_columns.h"

namespace kasbah::@package@ {

SubjectService::SubjectService(rpc::Pipeline& pipeline, postgres::Database& database,
                               outbox::Outbox& outbox, const Clock& clock)
    : subject::SubjectService(pipeline, database, outbox, clock, kTenantTables) {}

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  const std::string& id = request.subject().id();
  ASSIGN_OR_RETURN(const std::vector<@Resource@Id> made,
                   ExportAudited(call, [&](postgres::Transaction& tx) {
                     return @plural@_.MadeBy(tx, call.tenant, id);
                   }));
  subject::v1::ExportSubjectResponse reply;
  for (const @Resource@Id one : made) AddValue(kCreatedByColumn, one.ToString(), id, &reply);
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  ASSIGN_OR_RETURN(const uint64_t erased, EraseAudited(call, [&](postgres::Transaction& tx) {
                     return @plural@_.BlankMaker(tx, call.tenant, request.subject().id());
                   }));
  subject::v1::EraseSubjectResponse reply;
  (*reply.mutable_erased())[std::string(kCreatedByColumn)] = erased;
  return reply;
}

}  // namespace kasbah::@package@
