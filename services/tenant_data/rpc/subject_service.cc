#include "services/tenant_data/rpc/subject_service.h"

#include <string>
#include <utility>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/rpc/channel.h"
#include "services/tenant_data/domain/personal_columns.h"
#include "services/tenant_data/domain/vault_refusal.h"
#include "services/tenant_data/store/erased_subjects.h"
#include "services/tenant_data/store/file_events.h"
#include "services/tenant_data/store/lifecycle_events.h"
#include "services/tenant_data/store/record_events.h"

namespace kasbah::tenantdata {
namespace {

constexpr std::string_view kDisplayName = kPersonalColumns[0];
constexpr std::string_view kExternalId = kPersonalColumns[1];
constexpr std::string_view kFileName = kPersonalColumns[2];
constexpr std::string_view kFileSubject = kPersonalColumns[3];
constexpr std::string_view kSubject = kPersonalColumns[4];
constexpr std::string_view kOperation = kPersonalColumns[5];
static_assert(kPersonalColumns.size() == 6 && kOperation.ends_with("operations.subject") &&
              kDisplayName.ends_with(".display_name") && kExternalId.ends_with(".external_id") &&
              kFileName.ends_with("files.name") && kFileSubject.ends_with("files.subject") &&
              kSubject.ends_with("records.subject"));
constexpr std::string_view kDomains = "tenant_data.domains";

// Of an erasure: rows of a transaction, and transactions of a call.
constexpr int64_t kRowsAtOnce = 1000;
constexpr int kPagesAtOnce = 8;

struct Held {
  std::vector<SubjectRow> customers;
  std::vector<OperationId> operations;
};

}  // namespace

SubjectService::SubjectService(rpc::Pipeline& pipeline, postgres::Database& database,
                               DomainRights& domains, outbox::Outbox& outbox, RecordOpener& opener,
                               std::shared_ptr<grpc::Channel> vault, const Clock& clock)
    : subject::SubjectService(pipeline, database, outbox, clock, kTenantTables),
      domains_(domains),
      outbox_(outbox),
      vault_(vault::v1::ShredService::NewStub(std::move(vault))),
      pages_(database, opener),
      subject_pages_(database, opener) {}

absl::StatusOr<SubjectService::TenantPage> SubjectService::PageOf(const rpc::Call& call,
                                                                  const subject::TenantTable& table,
                                                                  const std::string& cursor) {
  TenantPage page;
  if (RecordPages::Has(table.name)) {
    ASSIGN_OR_RETURN(RecordPages::Page found, pages_.After(call, table.name, cursor));
    page.member = std::move(found.member);
    page.rows = std::move(found.rows);
    page.cursor = std::move(found.cursor);
    return page;
  }
  if (table.name == kDomains) {
    ASSIGN_OR_RETURN(const postgres::Result rows, domains_.Page(call, table, cursor));
    return ReadPage(table, rows);
  }
  ASSIGN_OR_RETURN(page, subject::SubjectService::PageOf(call, table, cursor));
  if (table.name == "tenant_data.files") {
    std::erase_if(page.rows, [](const std::string& row) {
      return row.find(R"("state":"stored")") == std::string::npos;
    });
  }
  return page;
}

absl::Status SubjectService::PrepareErasure(const rpc::Call& call,
                                            subject::v1::EraseTenantResponse* reply) {
  ASSIGN_OR_RETURN(const DomainRights::Erased erased, domains_.Erase(call));
  if (erased.domains > 0) (*reply->mutable_erased())[std::string(kDomains)] += erased.domains;
  reply->set_undelivered(erased.undelivered);
  return absl::OkStatus();
}

absl::StatusOr<subject::v1::ExportSubjectResponse> SubjectService::Export(
    const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) {
  const std::string& id = request.subject().id();
  subject::v1::ExportSubjectResponse reply;
  if (request.page_token().empty()) {
    ASSIGN_OR_RETURN(const Held held,
                     ExportAudited(call, [&](postgres::Transaction& tx) -> postgres::Pending<Held> {
                       auto customers = subjects_.Find(tx, call, id);
                       auto operations = RightsStore::FindAbout(tx, call.tenant, id);
                       return tx.AfterCommit([=]() -> absl::StatusOr<Held> {
                         Held all;
                         ASSIGN_OR_RETURN(all.operations, operations.Take());
                         ASSIGN_OR_RETURN(all.customers, customers.Take());
                         return all;
                       });
                     }));
    for (const OperationId operation : held.operations) {
      AddValue(kOperation, operation.ToString(), id, &reply);
    }
    for (const SubjectRow& row : held.customers) {
      AddValue(kDisplayName, row.customer.ToString(), row.display_name, &reply);
      AddValue(kExternalId, row.customer.ToString(), row.external_id, &reply);
    }
  }
  RETURN_IF_ERROR(subject_pages_.AddPage(call, id, request.page_token(), &reply));
  return reply;
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  const std::string& subject = request.subject().id();
  // First, so that nothing of theirs comes any more; what there is has an end then.
  Erased done;
  ASSIGN_OR_RETURN(done.customers, EraseCustomers(call, subject));
  bool more = true;
  for (int page = 0; more && page < kPagesAtOnce; ++page) {
    ASSIGN_OR_RETURN(const Erased erased, ErasePage(call, subject));
    done.records += erased.records;
    done.files += erased.files;
    more = erased.records == kRowsAtOnce || erased.files == kRowsAtOnce;
  }
  if (!more) {
    // Last: what is left undone by a failure here is done when it is asked again.
    vault::v1::ShredSubjectRequest shred;
    shred.set_subject(subject);
    const auto shredded =
        rpc::Invoke(call, *vault_, &vault::v1::ShredService::Stub::ShredSubject, shred);
    if (!shredded.ok()) return FromVault(shredded.status());
  }
  subject::v1::EraseSubjectResponse reply;
  reply.set_more(more);
  // The columns of a row are blanked together. A file's key goes with them, so that what is stored
  // opens no more; the upkeep removes it.
  for (const std::string_view column : kPersonalColumns) {
    const bool is_files = column == kFileName || column == kFileSubject;
    (*reply.mutable_erased())[std::string(column)] =
        static_cast<uint64_t>(is_files ? done.files : done.customers);
  }
  (*reply.mutable_erased())[std::string(kSubject)] = static_cast<uint64_t>(done.records);
  // Says whom an erasure is about until it is done, and nobody then.
  (*reply.mutable_erased())[std::string(kOperation)] = 0;
  return reply;
}

absl::StatusOr<int64_t> SubjectService::EraseCustomers(const rpc::Call& call,
                                                       const std::string& subject) {
  return EraseAudited(
      call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<int64_t>> {
        erased_subjects::Add(tx, call, subject);
        ASSIGN_OR_RETURN(const std::vector<Customer> erased,
                         subjects_.Erase(tx, call, subject).Await());
        for (const Customer& customer : erased) {
          RETURN_IF_ERROR(AppendCustomerEvents(outbox_, tx, call, clock(), "update", customer));
        }
        return tx.AfterCommit([count = static_cast<int64_t>(erased.size())] { return count; });
      });
}

absl::StatusOr<SubjectService::Erased> SubjectService::ErasePage(const rpc::Call& call,
                                                                 const std::string& subject) {
  return database().WithTenantInAnyState(
      call, postgres::AnyStateToken::ForErasure(),
      [&](postgres::Transaction& tx) -> absl::StatusOr<Erased> {
        ASSIGN_OR_RETURN(const std::vector<RecordId> records,
                         subjects_.HoldRecords(tx, call, subject, kRowsAtOnce).Await());
        // After the records: an upload to one of them has committed by then, or finds none.
        ASSIGN_OR_RETURN(const std::vector<FileStore::Held> files,
                         files_.HoldOfSubject(tx, call, subject, kRowsAtOnce).Await());
        const Erased erased{0, static_cast<int64_t>(records.size()),
                            static_cast<int64_t>(files.size())};
        if (records.empty() && files.empty()) return erased;
        RETURN_IF_ERROR(EraseRecords(tx, call, records));
        RETURN_IF_ERROR(EraseFiles(tx, call, files));
        RETURN_IF_ERROR(outbox_.AppendAudit(
            tx, call,
            outbox::Succeeded(
                call, clock(), "subject.erase_rows", {"subject", "", ""},
                {{"records", StrCat(erased.records)}, {"files", StrCat(erased.files)}})));
        return erased;
      });
}

absl::Status SubjectService::EraseRecords(postgres::Transaction& tx, const rpc::Call& call,
                                          const std::vector<RecordId>& held) {
  if (held.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<ErasedRecord> erased,
                   subjects_.EraseRecords(tx, call, held).Await());
  std::vector<outbox::v1::ChangeEvent> changes;
  for (const ErasedRecord& record : erased) {
    changes.push_back(ChangeOf(call, clock(),
                               {"purge", record.id, record.collection, record.collection_key,
                                record.customer, record.version, nullptr}));
  }
  return changes.empty() ? absl::OkStatus() : outbox_.AppendChanges(tx, call, changes);
}

absl::Status SubjectService::EraseFiles(postgres::Transaction& tx, const rpc::Call& call,
                                        const std::vector<FileStore::Held>& held) {
  if (held.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<StoredFile> gone,
                   files_.DeleteHeld(tx, call, held, clock().Now()).Await());
  const std::vector<outbox::v1::ChangeEvent> changes = FilesDeleted(call, clock(), held, gone);
  return changes.empty() ? absl::OkStatus() : outbox_.AppendChanges(tx, call, changes);
}

}  // namespace kasbah::tenantdata
