#include "services/audit/rpc/subject_service.h"

#include <array>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/audit/domain/personal_columns.h"
#include "services/audit/store/event_store.h"
#include "services/audit/store/redaction_store.h"

namespace kasbah::audit {
namespace {

using event_store::SubjectValue;
using subject::v1::EraseSubjectRequest;
using subject::v1::EraseSubjectResponse;
using subject::v1::ExportSubjectRequest;
using subject::v1::ExportSubjectResponse;

absl::Status CheckSubject(const std::string& id) {
  if (id.find('\0') == std::string::npos) return absl::OkStatus();
  return InvalidField("subject.id", "must not hold a zero byte");
}

}  // namespace

SubjectService::SubjectService(rpc::Pipeline& pipeline, postgres::Database& database,
                               outbox::Outbox& outbox, const Clock& clock)
    : subject::SubjectService(pipeline, database, outbox, clock) {}

absl::StatusOr<ExportSubjectResponse> SubjectService::Export(const rpc::Call& call,
                                                             const ExportSubjectRequest& request) {
  RETURN_IF_ERROR(CheckSubject(request.subject().id()));
  ASSIGN_OR_RETURN(const std::vector<SubjectValue> held,
                   ExportAudited(call, [&](postgres::Transaction& tx) {
                     return event_store::ListOfSubject(tx, call.tenant, request.subject().id());
                   }));
  ExportSubjectResponse reply;
  for (const SubjectValue& value : held) {
    AddValue(kPersonalColumns[value.column], StrCat(value.sequence), value.value, &reply);
  }
  return reply;
}

absl::StatusOr<EraseSubjectResponse> SubjectService::Erase(const rpc::Call& call,
                                                           const EraseSubjectRequest& request) {
  RETURN_IF_ERROR(CheckSubject(request.subject().id()));
  using Counts = std::array<uint64_t, kPersonalColumns.size()>;
  Redaction of_bundles;
  of_bundles.subject_id = request.subject().id();
  of_bundles.fields = kAllPersonalFields;
  ASSIGN_OR_RETURN(const Counts erased, EraseAudited(call, [&](postgres::Transaction& tx) {
                     redaction_store::AddPending(tx, call.tenant, of_bundles, clock().Now());
                     return event_store::EraseSubject(tx, call.tenant, request.subject().id());
                   }));
  EraseSubjectResponse reply;
  for (size_t i = 0; i < erased.size(); ++i) {
    (*reply.mutable_erased())[std::string(kPersonalColumns[i])] = erased[i];
  }
  return reply;
}

}  // namespace kasbah::audit
