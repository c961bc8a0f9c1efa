#include "services/tenant_data/rpc/subject_service.h"

#include <google/protobuf/util/json_util.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/rpc/channel.h"
#include "services/tenant_data/domain/personal_columns.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/store/erased_subjects.h"
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
// What a record that is theirs says.
constexpr std::string_view kData = "tenant_data.records.data";

// One reply holds so many; past it ExportRecords is the way.
constexpr int64_t kMostRecords = 10'000;
constexpr size_t kMostBytes = 6'000'000;

struct Held {
  std::vector<SubjectRow> customers;
  std::vector<FileStore::OfSubject> files;
  std::vector<OperationId> operations;
};
struct Erased {
  int64_t customers = 0;
  int64_t files = 0;
};

absl::Status TooMuch() {
  return Error(absl::StatusCode::kResourceExhausted, "SUBJECT_TOO_LARGE",
               "there is more than one reply holds; export the collections instead");
}

}  // namespace

SubjectService::SubjectService(rpc::Pipeline& pipeline, postgres::Database& database,
                               DomainRights& domains, outbox::Outbox& outbox, RecordOpener& opener,
                               std::shared_ptr<grpc::Channel> vault, const Clock& clock)
    : subject::SubjectService(pipeline, database, outbox, clock, kTenantTables),
      domains_(domains),
      outbox_(outbox),
      opener_(opener),
      vault_(vault::v1::ShredService::NewStub(std::move(vault))),
      pages_(database, opener) {}

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
  std::vector<StoredRecord> records;
  ASSIGN_OR_RETURN(
      const Held held,
      ExportAudited(call,
                    [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Held>> {
                      auto customers = subjects_.Find(tx, call, id);
                      auto files = files_.FindOfSubject(tx, call, id);
                      auto operations = RightsStore::FindAbout(tx, call.tenant, id);
                      ASSIGN_OR_RETURN(
                          records, subjects_.FindRecords(tx, call, id, kMostRecords + 1).Await());
                      return tx.AfterCommit([=]() -> absl::StatusOr<Held> {
                        Held all;
                        ASSIGN_OR_RETURN(all.operations, operations.Take());
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
  for (const OperationId operation : held.operations) {
    AddValue(kOperation, operation.ToString(), id, &reply);
  }
  for (const SubjectRow& row : held.customers) {
    AddValue(kDisplayName, row.customer.ToString(), row.display_name, &reply);
    AddValue(kExternalId, row.customer.ToString(), row.external_id, &reply);
  }
  RETURN_IF_ERROR(ExportRecords(call, records, &reply));
  return reply;
}

absl::Status SubjectService::ExportRecords(const rpc::Call& call,
                                           const std::vector<StoredRecord>& records,
                                           subject::v1::ExportSubjectResponse* reply) {
  if (records.size() > static_cast<size_t>(kMostRecords)) return TooMuch();
  ASSIGN_OR_RETURN(const std::vector<v1::Record> shown, opener_.Show(call, records));
  size_t bytes = 0;
  for (const v1::Record& record : shown) {
    for (const v1::UnavailableValue& value : record.unavailable()) {
      if (value.reason() == kKeyShredded) continue;
      return WithRetryDelay(Error(absl::StatusCode::kUnavailable, value.reason(),
                                  "a sealed value cannot be opened just now"),
                            absl::Seconds(1));
    }
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(record.values(), &json).ok()) {
      return absl::DataLossError("a record has no JSON form");
    }
    bytes += json.size();
    if (bytes > kMostBytes) return TooMuch();
    AddValue(kSubject, record.record_id(), record.subject_id(), reply);
    AddValue(kData, record.record_id(), std::move(json), reply);
  }
  return absl::OkStatus();
}

absl::StatusOr<subject::v1::EraseSubjectResponse> SubjectService::Erase(
    const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) {
  const std::string& subject = request.subject().id();
  const absl::Time now = clock().Now();
  size_t purged = 0;
  ASSIGN_OR_RETURN(
      const Erased done,
      EraseAudited(call,
                   [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Erased>> {
                     erased_subjects::Add(tx, call, subject);
                     auto customers = subjects_.Erase(tx, call, subject);
                     auto files = files_.DeleteOfSubject(tx, call, subject, now);
                     ASSIGN_OR_RETURN(const std::vector<ErasedRecord> erased,
                                      subjects_.EraseRecords(tx, call, subject).Await());
                     purged = erased.size();
                     RETURN_IF_ERROR(AppendPurged(tx, call, erased));
                     return tx.AfterCommit([customers, files]() -> absl::StatusOr<Erased> {
                       Erased all;
                       ASSIGN_OR_RETURN(all.customers, customers.Take());
                       ASSIGN_OR_RETURN(all.files, files.Take());
                       return all;
                     });
                   }));
  // After the commit: what is left undone by a failure here is done when it is asked again.
  vault::v1::ShredSubjectRequest shred;
  shred.set_subject(subject);
  const auto shredded =
      rpc::Invoke(call, *vault_, &vault::v1::ShredService::Stub::ShredSubject, shred);
  if (!shredded.ok()) return FromVault(shredded.status());
  subject::v1::EraseSubjectResponse reply;
  // The columns of a row are blanked together. A file's key goes with them, so that what is stored
  // opens no more; the upkeep removes it.
  for (const std::string_view column : kPersonalColumns) {
    const bool is_files = column == kFileName || column == kFileSubject;
    (*reply.mutable_erased())[std::string(column)] =
        static_cast<uint64_t>(is_files ? done.files : done.customers);
  }
  (*reply.mutable_erased())[std::string(kSubject)] = purged;
  // Says whom an erasure is about until it is done, and nobody then.
  (*reply.mutable_erased())[std::string(kOperation)] = 0;
  return reply;
}

absl::Status SubjectService::AppendPurged(postgres::Transaction& tx, const rpc::Call& call,
                                          const std::vector<ErasedRecord>& erased) {
  std::vector<outbox::v1::ChangeEvent> changes;
  for (const ErasedRecord& record : erased) {
    changes.push_back(ChangeOf(call, clock(),
                               {"purge", record.id, record.collection, record.collection_key,
                                record.customer, record.version, nullptr}));
  }
  return changes.empty() ? absl::OkStatus() : outbox_.AppendChanges(tx, call, changes);
}

}  // namespace kasbah::tenantdata
