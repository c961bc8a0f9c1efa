#include "services/tenant_data/rpc/subject_service.h"

#include <string>
#include <vector>

#include "services/tenant_data/domain/personal_columns.h"

namespace kasbah::tenantdata {
namespace {

constexpr std::string_view kDisplayName = kPersonalColumns[0];
constexpr std::string_view kExternalId = kPersonalColumns[1];
static_assert(kPersonalColumns.size() == 2 && kDisplayName.ends_with(".display_name") &&
              kExternalId.ends_with(".external_id"));

}  // namespace

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<SubjectRow> rows,
                   ExportAudited(call, [&](postgres::Transaction& tx) {
                     return subjects_.Find(tx, call, request.subject().id());
                   }));
  subject::v1::ExportSubjectResponse reply;
  for (const SubjectRow& row : rows) {
    AddValue(kDisplayName, row.customer.ToString(), row.display_name, &reply);
    AddValue(kExternalId, row.customer.ToString(), row.external_id, &reply);
  }
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  ASSIGN_OR_RETURN(const int64_t erased, EraseAudited(call, [&](postgres::Transaction& tx) {
                     return subjects_.Erase(tx, call, request.subject().id());
                   }));
  // Both columns of a row are blanked together.
  subject::v1::EraseSubjectResponse reply;
  for (const std::string_view column : kPersonalColumns) {
    (*reply.mutable_erased())[std::string(column)] = static_cast<uint64_t>(erased);
  }
  return reply;
}

}  // namespace kasbah::tenantdata
