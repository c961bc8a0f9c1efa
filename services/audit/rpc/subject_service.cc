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

// Of EraseTenant: events of a transaction, and transactions of a call.
constexpr int kEventsAtOnce = 2000;
constexpr int kPagesAtOnce = 10;

absl::Status CheckSubject(const std::string& id) {
  if (id.find('\0') == std::string::npos) return absl::OkStatus();
  return InvalidField("subject.id", "must not hold a zero byte");
}

}  // namespace

SubjectService::SubjectService(rpc::Pipeline& pipeline, postgres::Database& database,
                               outbox::Outbox& outbox, const Clock& clock)
    : subject::SubjectService(pipeline, database, outbox, clock, kTenantTables) {}

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

absl::StatusOr<bool> SubjectService::EraseFurther(const rpc::Call& call,
                                                  subject::v1::EraseTenantResponse* reply) {
  event_store::PersonalPage page;
  for (int pages = 0; pages < kPagesAtOnce; ++pages) {
    const int64_t after = page.last;
    ASSIGN_OR_RETURN(
        page, database().WithTenantInAnyState(
                  call, postgres::AnyStateToken::ForErasure(), [&](postgres::Transaction& tx) {
                    return event_store::FindPersonal(tx, call.tenant, after, kEventsAtOnce);
                  }));
    if (page.events == 0 && page.is_closed) return true;
    // The log has no head yet; the event of the first attempt makes it one.
    if (page.events == 0 && pages > 0) break;
    ASSIGN_OR_RETURN(
        const uint64_t erased, EraseCounted(call, "audit.event", [&](postgres::Transaction& tx) {
          // Before it looks: what a flush brings from here on has none.
          event_store::CloseToPersonal(tx, call.tenant, clock().Now());
          redaction_store::AddOfTenant(tx, call.tenant, clock().Now());
          return event_store::ErasePersonal(tx, call.tenant, page.first, page.last).Await();
        }));
    (*reply->mutable_erased())["audit.event"] += erased;
  }
  return false;
}

}  // namespace kasbah::audit
