#include "services/tenant_data/rpc/subject_service.h"

#include <string>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/domain/personal_columns.h"

namespace kasbah::tenantdata {
namespace {

using postgres::AnyStateToken;
using postgres::Pending;
using postgres::Transaction;

constexpr std::string_view kDisplayName = kPersonalColumns[0];
constexpr std::string_view kExternalId = kPersonalColumns[1];
static_assert(kPersonalColumns.size() == 2 && kDisplayName.ends_with(".display_name") &&
              kExternalId.ends_with(".external_id"));

// The subject stands in no attribute: the trail keeps that it happened, not about whom.
outbox::v1::AuditEvent EventOf(const rpc::Call& call, const Clock& clock, std::string_view action) {
  return outbox::Succeeded(call, clock, action, {"subject", "", ""});
}

void AddValue(std::string_view column, const SubjectRow& row, const std::string& value,
              subject::v1::ExportSubjectResponse* reply) {
  if (value.empty()) return;
  subject::v1::PersonalValue* out = reply->add_values();
  out->set_column(std::string(column));
  out->set_row_id(row.customer.ToString());
  out->set_value(value);
}

}  // namespace

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  using Rows = std::vector<SubjectRow>;
  ASSIGN_OR_RETURN(
      const Rows rows,
      database_.WithTenantInAnyState(
          call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::StatusOr<Pending<Rows>> {
            auto found = subjects_.Find(tx, call, request.subject().id());
            RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, EventOf(call, clock_, "subject.export")));
            return found;
          }));
  subject::v1::ExportSubjectResponse reply;
  for (const SubjectRow& row : rows) {
    AddValue(kDisplayName, row, row.display_name, &reply);
    AddValue(kExternalId, row, row.external_id, &reply);
  }
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  ASSIGN_OR_RETURN(
      const int64_t erased,
      database_.WithTenantInAnyState(
          call, AnyStateToken::ForErasure(),
          [&](Transaction& tx) -> absl::StatusOr<Pending<int64_t>> {
            auto rows = subjects_.Erase(tx, call, request.subject().id());
            RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, EventOf(call, clock_, "subject.erase")));
            return rows;
          }));
  // Both columns of a row are blanked together.
  subject::v1::EraseSubjectResponse reply;
  for (const std::string_view column : kPersonalColumns) {
    (*reply.mutable_erased())[std::string(column)] = static_cast<uint64_t>(erased);
  }
  return reply;
}

}  // namespace kasbah::tenantdata
