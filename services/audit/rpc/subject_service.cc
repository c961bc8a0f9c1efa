#include "services/audit/rpc/subject_service.h"

#include <array>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/audit/domain/personal_columns.h"
#include "services/audit/store/event_store.h"

namespace kasbah::audit {
namespace {

using event_store::SubjectValue;
using subject::v1::EraseSubjectRequest;
using subject::v1::EraseSubjectResponse;
using subject::v1::ExportSubjectRequest;
using subject::v1::ExportSubjectResponse;

// The subject stands in no attribute: the trail keeps that it happened, not about whom.
const outbox::Target kTarget{"subject", "", ""};

absl::Status CheckSubject(const std::string& id) {
  if (id.find('\0') == std::string::npos) return absl::OkStatus();
  return InvalidField("subject.id", "must not hold a zero byte");
}

}  // namespace

absl::StatusOr<ExportSubjectResponse> SubjectService::Export(const rpc::Call& call,
                                                             const ExportSubjectRequest& request) {
  RETURN_IF_ERROR(CheckSubject(request.subject().id()));
  const outbox::v1::AuditEvent own = outbox::Succeeded(call, clock_, "subject.export", kTarget);
  using Values = std::vector<SubjectValue>;
  ASSIGN_OR_RETURN(const Values held,
                   database_.WithTenantInAnyState(
                       call, postgres::AnyStateToken::ForErasure(),
                       [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Values>> {
                         RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, own));
                         return event_store::ListOfSubject(tx, call.tenant, request.subject().id());
                       }));
  ExportSubjectResponse reply;
  for (const SubjectValue& value : held) {
    subject::v1::PersonalValue* out = reply.add_values();
    out->set_column(std::string(kPersonalColumns[value.column]));
    out->set_row_id(StrCat(value.sequence));
    out->set_value(value.value);
  }
  return reply;
}

absl::StatusOr<EraseSubjectResponse> SubjectService::Erase(const rpc::Call& call,
                                                           const EraseSubjectRequest& request) {
  RETURN_IF_ERROR(CheckSubject(request.subject().id()));
  const outbox::v1::AuditEvent own = outbox::Succeeded(call, clock_, "subject.erase", kTarget);
  using Counts = std::array<uint64_t, 3>;
  ASSIGN_OR_RETURN(const Counts erased,
                   database_.WithTenantInAnyState(
                       call, postgres::AnyStateToken::ForErasure(),
                       [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Counts>> {
                         RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, own));
                         return event_store::EraseSubject(tx, call.tenant, request.subject().id());
                       }));
  EraseSubjectResponse reply;
  for (size_t i = 0; i < erased.size(); ++i) {
    (*reply.mutable_erased())[std::string(kPersonalColumns[i])] = erased[i];
  }
  return reply;
}

}  // namespace kasbah::audit
