#include "services/tenant_data/rpc/record_service.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/etag.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/domain/vault_refusal.h"
#include "services/tenant_data/rpc/batch_sealer.h"
#include "services/tenant_data/rpc/import_rows.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/rpc/record_change.h"
#include "services/tenant_data/rpc/request_key.h"

namespace kasbah::tenantdata {
namespace {

// How often a batch is made again when a file that it names, or somebody whose data it has, went
// after it was looked for.
constexpr int kTries = 3;
// Where an item says whose it is.
constexpr char kSubjectField[] = "subject_id";

std::vector<Violation> TakenValues(const RuleTable& rules, const std::vector<FieldId>& fields) {
  std::vector<Violation> violations;
  for (const FieldId field : fields) {
    violations.push_back(TakenValue(rules.Find(field)->definition.key));
  }
  return violations;
}

// Items of a batch as they stand after validation.
struct BatchItems {
  // One for each of the request's values; with violations, or to be completed.
  v1::BatchCreateRecordsResponse reply;
  std::vector<NewRecord> records;
  // For each record, its item.
  std::vector<int> item_of;
};

// Of each item, empty for nobody's; as many as `items`, or none at all.
absl::StatusOr<std::vector<std::string>> SubjectsOf(const v1::BatchCreateRecordsRequest& request) {
  std::vector<std::string> subjects(request.subject_ids().begin(), request.subject_ids().end());
  if (!subjects.empty() && request.subject_ids_size() != request.values_size()) {
    return InvalidField("subject_ids", "must be as many as values, or none");
  }
  subjects.resize(static_cast<size_t>(request.values_size()));
  return subjects;
}

BatchItems SortItems(std::optional<CustomerId> owner, absl::Time now,
                     const std::vector<std::string>& subjects, std::vector<Validation> checked) {
  BatchItems items;
  for (size_t i = 0; i < checked.size(); ++i) {
    Validation& one = checked[i];
    if (subjects[i].size() > kMaxSubjectBytes) {
      one.violations.push_back({kSubjectField, "must have at most 320 bytes", "MAX"});
    }
    auto* item = items.reply.add_items();
    AddViolations(one.violations, item);
    if (!one.violations.empty()) continue;
    for (std::string& path : FirstPaths(one.valid.stripped)) {
      item->add_stripped_paths(std::move(path));
    }
    items.item_of.push_back(items.reply.items_size() - 1);
    items.records.push_back({RecordId::New(now), owner, std::move(one.valid), "", {}, subjects[i]});
  }
  return items;
}

// Takes those out that cannot go in for whose they are.
void RefuseErased(const std::vector<bool>& goes_in, BatchItems* items) {
  size_t kept = 0;
  for (size_t i = 0; i < goes_in.size(); ++i) {
    if (!goes_in[i]) {
      auto* item = items->reply.mutable_items(items->item_of[i]);
      item->clear_stripped_paths();
      *item->add_violations() = ToProto(ErasedSubject(kSubjectField));
      continue;
    }
    if (kept != i) {
      items->records[kept] = std::move(items->records[i]);
      items->item_of[kept] = items->item_of[i];
    }
    ++kept;
  }
  items->records.resize(kept);
  items->item_of.resize(kept);
}

// The reply once it is known which unique values were taken.
v1::BatchCreateRecordsResponse Complete(const RuleTable& rules, const BatchItems& items,
                                        const std::vector<std::vector<FieldId>>& taken) {
  v1::BatchCreateRecordsResponse reply = items.reply;
  for (size_t i = 0; i < items.records.size(); ++i) {
    auto* item = reply.mutable_items(items.item_of[i]);
    if (taken[i].empty()) item->set_record_id(items.records[i].id.ToString());
    if (!taken[i].empty()) item->clear_stripped_paths();
    AddViolations(TakenValues(rules, taken[i]), item);
  }
  return reply;
}

}  // namespace

RecordService::RecordService(rpc::Pipeline& pipeline, const RecordParts& parts, const Clock& clock)
    : pipeline_(pipeline), parts_(parts), clock_(clock) {}

absl::StatusOr<v1::Record> RecordService::Create(const rpc::Call& call,
                                                 const v1::CreateRecordRequest& request) {
  return parts_.creator.Create(call, request);
}

void RecordService::StartCreate(const rpc::Call& call, const v1::CreateRecordRequest& request,
                                rpc::Answer<v1::Record> answer) {
  parts_.creator.Start(call, request, std::move(answer));
}

absl::StatusOr<v1::BatchCreateRecordsResponse> RecordService::BatchCreate(
    const rpc::Call& call, const v1::BatchCreateRecordsRequest& request) {
  absl::StatusOr<v1::BatchCreateRecordsResponse> created = FilesKeepGoing();
  for (int tries = 0; tries < kTries; ++tries) {
    created =
        parts_.definitions.WriteUnderCurrent(call, [&] { return BatchCreateOnce(call, request); });
    const std::string reason = ReasonOf(created.status());
    if (reason != kFileMissing && reason != kKeyShredded) return created;
  }
  return ReasonOf(created.status()) == kFileMissing ? FilesKeepGoing() : created;
}

absl::StatusOr<v1::BatchCreateRecordsResponse> RecordService::BatchCreateOnce(
    const rpc::Call& call, const v1::BatchCreateRecordsRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<CustomerId> owner, OwnerOf(call, request.customer_id()));
  ASSIGN_OR_RETURN(const auto rules, parts_.definitions.Current(call, request.collection()));
  ASSIGN_OR_RETURN(const std::optional<RequestKey> key, KeyOf(request, *rules));
  ASSIGN_OR_RETURN(const std::vector<std::string> subjects, SubjectsOf(request));
  std::vector<Validation> checked;
  ParsingTime time;
  for (const auto& values : request.values()) checked.push_back(ValidateNew(*rules, values, &time));
  std::vector<Validation*> to_check;
  for (Validation& one : checked) to_check.push_back(&one);
  RETURN_IF_ERROR(parts_.references.Run(call, owner, to_check));
  RETURN_IF_ERROR(parts_.references.RunFiles(call, owner, to_check));
  BatchItems items = SortItems(owner, clock_.Now(), subjects, std::move(checked));
  ASSIGN_OR_RETURN(const std::vector<bool> goes_in,
                   SealBatch(call, *rules, parts_.batches, parts_.sealer, &items.records));
  RefuseErased(goes_in, &items);

  ASSIGN_OR_RETURN(
      const BatchCreated created,
      parts_.batches.Create(call, *rules, owner, items.records, key,
                            [&](const std::vector<std::vector<FieldId>>& taken) {
                              return Complete(*rules, items, taken).SerializeAsString();
                            }));
  if (!created.replayed) return Complete(*rules, items, created.taken);
  v1::BatchCreateRecordsResponse reply;
  if (!reply.ParseFromString(*created.replayed)) {
    return absl::DataLossError("the stored outcome of a batch does not parse");
  }
  return reply;
}

absl::StatusOr<v1::Record> RecordService::Get(const rpc::Call& call,
                                              const v1::GetRecordRequest& request) {
  if (request.as_of_case() != v1::GetRecordRequest::AS_OF_NOT_SET) {
    return parts_.reader.GetAsOf(call, request);
  }
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  return parts_.reader.Get(call, id);
}

void RecordService::StartGet(const rpc::Call& call, const v1::GetRecordRequest& request,
                             rpc::Answer<v1::Record> answer) {
  const absl::StatusOr<RecordId> id = RecordId::Parse(request.record_id());
  const bool as_it_is = request.as_of_case() == v1::GetRecordRequest::AS_OF_NOT_SET;
  if (!id.ok() || !as_it_is) return answer.Defer();
  parts_.reader.StartGet(call, *id, std::move(answer));
}

absl::StatusOr<v1::BatchGetRecordsResponse> RecordService::BatchGet(
    const rpc::Call& call, const v1::BatchGetRecordsRequest& request) {
  return parts_.reader.BatchGet(call, request);
}

absl::StatusOr<v1::ListRecordsResponse> RecordService::List(const rpc::Call& call,
                                                            const v1::ListRecordsRequest& request) {
  return parts_.reader.List(call, request);
}

absl::StatusOr<v1::ListRecordHistoryResponse> RecordService::History(
    const rpc::Call& call, const v1::ListRecordHistoryRequest& request) {
  return parts_.reader.History(call, request);
}

absl::StatusOr<v1::Record> RecordService::Update(const rpc::Call& call,
                                                 const v1::UpdateRecordRequest& request) {
  return parts_.changer.Update(call, request);
}

absl::StatusOr<v1::UpsertRecordResponse> RecordService::Upsert(
    const rpc::Call& call, const v1::UpsertRecordRequest& request) {
  return parts_.changer.Upsert(call, request);
}

absl::StatusOr<v1::DeleteRecordResponse> RecordService::Delete(
    const rpc::Call& call, const v1::DeleteRecordRequest& request) {
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  ASSIGN_OR_RETURN(const std::optional<uint64_t> version,
                   ParseEtagOrAny(request.etag(), /*may_be_empty=*/true));
  RETURN_IF_ERROR(parts_.writer.Delete(call, id, version));
  return v1::DeleteRecordResponse();
}

absl::StatusOr<v1::Record> RecordService::Restore(const rpc::Call& call,
                                                  const v1::RestoreRecordRequest& request) {
  return parts_.restorer.Restore(call, request);
}

absl::StatusOr<v1::PurgeRecordResponse> RecordService::Purge(
    const rpc::Call& call, const v1::PurgeRecordRequest& request) {
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  ASSIGN_OR_RETURN(const std::optional<uint64_t> version,
                   ParseEtagOrAny(request.etag(), /*may_be_empty=*/true));
  RETURN_IF_ERROR(parts_.writer.Purge(call, id, version));
  return v1::PurgeRecordResponse();
}

absl::Status RecordService::Import(const rpc::Call& call,
                                   rpc::StreamReader<v1::ImportRecordsRequest>& reader,
                                   rpc::StreamWriter<v1::ImportRecordsResponse>& writer) {
  return parts_.importer.Import(call, reader, writer);
}

absl::Status RecordService::Export(const rpc::Call& call, const v1::ExportRecordsRequest& request,
                                   rpc::StreamWriter<v1::ExportRecordsResponse>& writer) {
  return parts_.exporter.Export(call, request, writer);
}

}  // namespace kasbah::tenantdata
