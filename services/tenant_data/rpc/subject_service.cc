#include "services/tenant_data/rpc/subject_service.h"

#include <string>
#include <vector>

#include "services/tenant_data/domain/personal_columns.h"

namespace kasbah::tenantdata {
namespace {

constexpr std::string_view kDisplayName = kPersonalColumns[0];
constexpr std::string_view kExternalId = kPersonalColumns[1];
constexpr std::string_view kFileName = kPersonalColumns[2];
constexpr std::string_view kFileSubject = kPersonalColumns[3];
static_assert(kPersonalColumns.size() == 4 && kDisplayName.ends_with(".display_name") &&
              kExternalId.ends_with(".external_id") && kFileName.ends_with("files.name") &&
              kFileSubject.ends_with("files.subject"));

struct Held {
  std::vector<SubjectRow> customers;
  std::vector<FileStore::OfSubject> files;
};
struct Erased {
  int64_t customers = 0;
  int64_t files = 0;
};

}  // namespace

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  const std::string& id = request.subject().id();
  ASSIGN_OR_RETURN(const Held held, ExportAudited(call, [&](postgres::Transaction& tx) {
                     auto customers = subjects_.Find(tx, call, id);
                     auto files = files_.FindOfSubject(tx, call, id);
                     return tx.AfterCommit([customers, files]() -> absl::StatusOr<Held> {
                       Held all;
                       ASSIGN_OR_RETURN(all.customers, customers.Take());
                       ASSIGN_OR_RETURN(all.files, files.Take());
                       return all;
                     });
                   }));
  subject::v1::ExportSubjectResponse reply;
  for (const FileStore::OfSubject& file : held.files) {
    AddValue(kFileName, file.id.ToString(), file.name, &reply);
    AddValue(kFileSubject, file.id.ToString(), id, &reply);
  }
  for (const SubjectRow& row : held.customers) {
    AddValue(kDisplayName, row.customer.ToString(), row.display_name, &reply);
    AddValue(kExternalId, row.customer.ToString(), row.external_id, &reply);
  }
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  const std::string& id = request.subject().id();
  const absl::Time now = clock().Now();
  ASSIGN_OR_RETURN(const Erased erased, EraseAudited(call, [&](postgres::Transaction& tx) {
                     auto customers = subjects_.Erase(tx, call, id);
                     auto files = files_.DeleteOfSubject(tx, call, id, now);
                     return tx.AfterCommit([customers, files]() -> absl::StatusOr<Erased> {
                       Erased all;
                       ASSIGN_OR_RETURN(all.customers, customers.Take());
                       ASSIGN_OR_RETURN(all.files, files.Take());
                       return all;
                     });
                   }));
  // The columns of a row are blanked together. A file's key goes with them, so that what is stored
  // opens no more; the upkeep removes it.
  subject::v1::EraseSubjectResponse reply;
  for (const std::string_view column : kPersonalColumns) {
    const bool is_files = column == kFileName || column == kFileSubject;
    (*reply.mutable_erased())[std::string(column)] =
        static_cast<uint64_t>(is_files ? erased.files : erased.customers);
  }
  return reply;
}

}  // namespace kasbah::tenantdata
