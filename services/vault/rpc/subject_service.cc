#include "services/vault/rpc/subject_service.h"

#include <algorithm>

#include "libs/base/strings.h"
#include "services/vault/domain/personal_columns.h"
#include "services/vault/store/secret_store.h"

namespace kasbah::vault {
namespace {

constexpr std::string_view kCreatedBy = "vault.secret_versions.created_by";
static_assert(std::find(kPersonalColumns.begin(), kPersonalColumns.end(), kCreatedBy) !=
                  kPersonalColumns.end() &&
              kPersonalColumns.size() == 1);

}  // namespace

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<SecretVersion> added,
                   ExportAudited(call, [&](postgres::Transaction& tx) {
                     return SecretStore::AddedBy(tx, call.tenant, request.subject().id());
                   }));
  subject::v1::ExportSubjectResponse reply;
  for (const SecretVersion& version : added) {
    AddValue(kCreatedBy, StrCat(version.secret.ToString(), "/", version.version),
             version.created_by, &reply);
  }
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  ASSIGN_OR_RETURN(const int64_t erased, EraseAudited(call, [&](postgres::Transaction& tx) {
                     return SecretStore::EraseCreator(tx, call.tenant, request.subject().id());
                   }));
  subject::v1::EraseSubjectResponse reply;
  (*reply.mutable_erased())[std::string(kCreatedBy)] = static_cast<uint64_t>(erased);
  return reply;
}

}  // namespace kasbah::vault
