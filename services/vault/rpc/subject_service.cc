#include "services/vault/rpc/subject_service.h"

#include <algorithm>

#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/vault/domain/personal_columns.h"
#include "services/vault/store/secret_store.h"

namespace kasbah::vault {
namespace {

constexpr std::string_view kCreatedBy = "vault.secret_versions.created_by";
static_assert(std::find(kPersonalColumns.begin(), kPersonalColumns.end(), kCreatedBy) !=
                  kPersonalColumns.end() &&
              kPersonalColumns.size() == 1);

// The subject stands in no attribute: the trail keeps that it happened, not about whom.
const outbox::Target kTarget{"subject", "", ""};

}  // namespace

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<SecretVersion> added,
                   database_.WithTenantInAnyState(
                       call, postgres::AnyStateToken::ForErasure(),
                       [&](postgres::Transaction& tx)
                           -> absl::StatusOr<postgres::Pending<std::vector<SecretVersion>>> {
                         auto versions =
                             SecretStore::AddedBy(tx, call.tenant, request.subject().id());
                         RETURN_IF_ERROR(outbox_.AppendAudit(
                             tx, call, outbox::Succeeded(call, clock_, "subject.export", kTarget)));
                         return versions;
                       }));
  subject::v1::ExportSubjectResponse reply;
  for (const SecretVersion& version : added) {
    subject::v1::PersonalValue* value = reply.add_values();
    value->set_column(std::string(kCreatedBy));
    value->set_row_id(version.secret.ToString() + "/" + std::to_string(version.version));
    value->set_value(version.created_by);
  }
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  ASSIGN_OR_RETURN(
      const int64_t erased,
      database_.WithTenantInAnyState(
          call, postgres::AnyStateToken::ForErasure(),
          [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<int64_t>> {
            auto rows = SecretStore::EraseCreator(tx, call.tenant, request.subject().id());
            RETURN_IF_ERROR(outbox_.AppendAudit(
                tx, call, outbox::Succeeded(call, clock_, "subject.erase", kTarget)));
            return rows;
          }));
  subject::v1::EraseSubjectResponse reply;
  (*reply.mutable_erased())[std::string(kCreatedBy)] = static_cast<uint64_t>(erased);
  return reply;
}

}  // namespace kasbah::vault
