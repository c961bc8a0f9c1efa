#pragma once

#include <memory>

#include "kasbah/vault/v1/tenant_keys.grpc.pb.h"
#include "libs/subject/subject_service.h"
#include "services/tenant_data/rpc/record_opener.h"
#include "services/tenant_data/rpc/record_pages.h"
#include "services/tenant_data/rpc/subject_pages.h"
#include "services/tenant_data/store/domain_rights.h"
#include "services/tenant_data/store/file_store.h"
#include "services/tenant_data/store/rights_store.h"
#include "services/tenant_data/store/subject_store.h"
#include "services/tenant_data/store/tenant_tables.h"

namespace kasbah::tenantdata {

// What this schema knows about a person (kPersonalColumns): as a customer, by cus_… or by the
// tenant's own name for it, in records whose subject_id they are, and in files that are said to be
// theirs, and in operations about them that run. Erasing purges those and has the vault destroy the
// person's share, so that what backups hold of sealed values opens no more: page by page, however
// much that is. Asked again after a failure, it goes on.
class SubjectService final : public subject::SubjectService {
 public:
  // A channel to the vault.
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, DomainRights& domains,
                 outbox::Outbox& outbox, RecordOpener& opener, std::shared_ptr<grpc::Channel> vault,
                 const Clock& clock);

 private:
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) override;
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) override;

  // Records with their sealed values opened, by collection; files without pieces of archives.
  absl::StatusOr<TenantPage> PageOf(const rpc::Call& call, const subject::TenantTable& table,
                                    const std::string& cursor) override;
  // Domains, which stay at home wherever the rest is.
  absl::Status PrepareErasure(const rpc::Call& call,
                              subject::v1::EraseTenantResponse* reply) override;

  struct Erased {
    int64_t customers = 0;
    int64_t records = 0;
    int64_t files = 0;
  };
  // Notes that they are erased, and blanks what customers say of them: how many.
  absl::StatusOr<int64_t> EraseCustomers(const rpc::Call& call, const std::string& subject);
  // Some of their records and files, with the events of each, in a transaction.
  absl::StatusOr<Erased> ErasePage(const rpc::Call& call, const std::string& subject);
  absl::Status EraseRecords(postgres::Transaction& tx, const rpc::Call& call,
                            const std::vector<RecordId>& held);
  absl::Status EraseFiles(postgres::Transaction& tx, const rpc::Call& call,
                          const std::vector<FileStore::Held>& held);

  DomainRights& domains_;
  outbox::Outbox& outbox_;
  const std::unique_ptr<vault::v1::ShredService::Stub> vault_;
  SubjectStore subjects_;
  FileStore files_;
  RecordPages pages_;
  SubjectPages subject_pages_;
};

}  // namespace kasbah::tenantdata
