#include "services/tenant_data/rpc/record_service.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/etag.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/rpc/request_key.h"

namespace kasbah::tenantdata {
namespace {

// Whose a new record is: the named customer's, else the call's. A call for one customer makes
// records of no other.
absl::StatusOr<std::optional<CustomerId>> OwnerOf(const rpc::Call& call, const std::string& named) {
  if (named.empty()) return call.customer;
  ASSIGN_OR_RETURN(const CustomerId owner, ParseId<CustomerId>("customer_id", named));
  if (call.customer && *call.customer != owner) return NotFound("customer");
  return std::make_optional(owner);
}

// Values of sealed fields as their writer gave them, beside the plain ones.
void ShowUnsealed(const std::vector<Unsealed>& unsealed, google::protobuf::Struct* values) {
  for (const Unsealed& value : unsealed) {
    (*values->mutable_fields())[value.key] = ToProto(value.scalar);
  }
}

absl::Status StaleEtag() {
  return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
               "it changed since it was read; read it again and repeat the change");
}

absl::flat_hash_set<FieldId> FieldsOf(const SealedValues& sealed) {
  absl::flat_hash_set<FieldId> fields;
  for (const auto& [field, ciphertext] : sealed) fields.insert(field);
  return fields;
}

// Takes out of `sealed` what `changes` replaces or removes, and returns all fields that it names.
std::vector<FieldId> RemoveNamed(const RuleTable& rules, const google::protobuf::Struct& changes,
                                 SealedValues* sealed) {
  std::vector<FieldId> named;
  for (const auto& [key, value] : changes.fields()) {
    const FieldId field = rules.Find(key)->definition.id;
    named.push_back(field);
    sealed->erase(field);
  }
  return named;
}

// Takes out of `sealed` what the definition no longer has, and names all fields that it once had.
void RemoveRetired(const RuleTable& rules, SealedValues* sealed, std::vector<FieldId>* named) {
  for (const FieldDefinition& field : rules.collection().retired) {
    sealed->erase(field.id);
    named->push_back(field.id);
  }
}

// Items of a batch as they stand after validation.
struct BatchItems {
  // One for each of the request's values; with violations, or to be completed.
  v1::BatchCreateRecordsResponse reply;
  std::vector<NewRecord> records;
  // For each record, its item.
  std::vector<int> item_of;
};

BatchItems SortItems(std::optional<CustomerId> owner, absl::Time now,
                     std::vector<Validation> checked) {
  BatchItems items;
  for (Validation& one : checked) {
    auto* item = items.reply.add_items();
    for (const Violation& violation : one.violations) *item->add_violations() = ToProto(violation);
    if (!one.violations.empty()) continue;
    items.item_of.push_back(items.reply.items_size() - 1);
    items.records.push_back({RecordId::New(now), owner, std::move(one.valid), ""});
  }
  return items;
}

// The reply once it is known which unique values were taken.
v1::BatchCreateRecordsResponse Complete(const RuleTable& rules, const BatchItems& items,
                                        const std::vector<std::vector<FieldId>>& taken) {
  v1::BatchCreateRecordsResponse reply = items.reply;
  for (size_t i = 0; i < items.records.size(); ++i) {
    auto* item = reply.mutable_items(items.item_of[i]);
    if (taken[i].empty()) item->set_record_id(items.records[i].id.ToString());
    for (const FieldId field : taken[i]) {
      *item->add_violations() = ToProto(TakenValue(rules.Find(field)->definition.key));
    }
  }
  return reply;
}

}  // namespace

absl::StatusOr<v1::Record> RecordService::Create(const rpc::Call& call,
                                                 const v1::CreateRecordRequest& request) {
  return definitions_.WriteUnderCurrent(call, [&] { return CreateOnce(call, request); });
}

absl::StatusOr<v1::Record> RecordService::CreateOnce(const rpc::Call& call,
                                                     const v1::CreateRecordRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<CustomerId> owner, OwnerOf(call, request.customer_id()));
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(call, request.collection()));
  ASSIGN_OR_RETURN(const std::optional<RequestKey> key, KeyOf(request, *rules));
  Validation checked = ValidateNew(*rules, request.values());
  RETURN_IF_ERROR(references_.Run(call, owner, {&checked}));
  if (!checked.violations.empty()) return InvalidFields(std::move(checked.violations));

  NewRecord record{RecordId::New(clock_.Now()), owner, std::move(checked.valid), ""};
  RETURN_IF_ERROR(SealAll(call, {&record}));
  ASSIGN_OR_RETURN(const Created created, writer_.Create(call, *rules, record, key));
  if (created.replayed) return reader_.Get(call, created.id);

  StoredRecord stored;
  stored.id = record.id;
  stored.collection = rules->collection_id();
  stored.customer = owner;
  stored.created = created.time;
  stored.updated = created.time;
  v1::Record reply = ToProto(stored);
  *reply.mutable_values() = std::move(record.values.values);
  ShowUnsealed(record.values.to_seal, reply.mutable_values());
  return reply;
}

absl::StatusOr<v1::BatchCreateRecordsResponse> RecordService::BatchCreate(
    const rpc::Call& call, const v1::BatchCreateRecordsRequest& request) {
  return definitions_.WriteUnderCurrent(call, [&] { return BatchCreateOnce(call, request); });
}

absl::StatusOr<v1::BatchCreateRecordsResponse> RecordService::BatchCreateOnce(
    const rpc::Call& call, const v1::BatchCreateRecordsRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<CustomerId> owner, OwnerOf(call, request.customer_id()));
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(call, request.collection()));
  ASSIGN_OR_RETURN(const std::optional<RequestKey> key, KeyOf(request, *rules));
  std::vector<Validation> checked;
  for (const auto& values : request.values()) checked.push_back(ValidateNew(*rules, values));
  std::vector<Validation*> to_check;
  for (Validation& one : checked) to_check.push_back(&one);
  RETURN_IF_ERROR(references_.Run(call, owner, to_check));
  BatchItems items = SortItems(owner, clock_.Now(), std::move(checked));
  std::vector<NewRecord*> to_seal;
  for (NewRecord& record : items.records) to_seal.push_back(&record);
  RETURN_IF_ERROR(SealAll(call, to_seal));

  ASSIGN_OR_RETURN(const BatchCreated created,
                   batches_.Create(call, *rules, owner, items.records, key,
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
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  return reader_.Get(call, id);
}

absl::StatusOr<v1::ListRecordsResponse> RecordService::List(const rpc::Call& call,
                                                            const v1::ListRecordsRequest& request) {
  return reader_.List(call, request);
}

absl::StatusOr<v1::ListRecordHistoryResponse> RecordService::History(
    const rpc::Call& call, const v1::ListRecordHistoryRequest& request) {
  return reader_.History(call, request);
}

absl::StatusOr<v1::Record> RecordService::Update(const rpc::Call& call,
                                                 const v1::UpdateRecordRequest& request) {
  return definitions_.WriteUnderCurrent(call, [&] { return UpdateOnce(call, request); });
}

absl::StatusOr<v1::Record> RecordService::UpdateOnce(const rpc::Call& call,
                                                     const v1::UpdateRecordRequest& request) {
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  ASSIGN_OR_RETURN(const uint64_t version, ParseEtag(request.etag()));
  ASSIGN_OR_RETURN(StoredRecord stored, reader_.Find(call, id));
  if (stored.version != version) return StaleEtag();
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(call, stored.collection.ToString()));
  ASSIGN_OR_RETURN(SealedValues sealed, UnpackSealed(stored.sealed));
  ASSIGN_OR_RETURN(const google::protobuf::Struct before, ParseFlatObject(stored.data));
  Validation checked = ValidateChange(*rules, before, FieldsOf(sealed), request.values());
  RETURN_IF_ERROR(references_.Run(call, stored.customer, {&checked}));
  if (!checked.violations.empty()) return InvalidFields(std::move(checked.violations));

  NewRecord fresh{id, stored.customer, std::move(checked.valid), ""};
  RETURN_IF_ERROR(SealAll(call, {&fresh}));
  std::vector<FieldId> named = RemoveNamed(*rules, request.values(), &sealed);
  RemoveRetired(*rules, &sealed, &named);
  // Both maps hold what the record has sealed in the end; the first is yet to be opened for the
  // reply.
  ASSIGN_OR_RETURN(SealedValues all, UnpackSealed(fresh.sealed));
  all.insert(sealed.begin(), sealed.end());
  ChangedRecord changed{id,   version, stored.customer, std::move(fresh.values), PackSealed(all),
                        named};
  ASSIGN_OR_RETURN(stored.updated, writer_.Update(call, *rules, changed));

  ++stored.version;
  v1::Record reply = ToProto(stored);
  *reply.mutable_values() = std::move(changed.values.values);
  ShowUnsealed(changed.values.to_seal, reply.mutable_values());
  RETURN_IF_ERROR(reader_.Open(call, *rules, id, sealed, reply.mutable_values()));
  return reply;
}

absl::StatusOr<v1::DeleteRecordResponse> RecordService::Delete(
    const rpc::Call& call, const v1::DeleteRecordRequest& request) {
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  std::optional<uint64_t> version;
  if (!request.etag().empty()) {
    ASSIGN_OR_RETURN(version, ParseEtag(request.etag()));
  }
  RETURN_IF_ERROR(writer_.Delete(call, id, version));
  return v1::DeleteRecordResponse();
}

absl::Status RecordService::SealAll(const rpc::Call& call, const std::vector<NewRecord*>& records) {
  std::vector<SealItem> items;
  for (const NewRecord* record : records) {
    for (const Unsealed& value : record->values.to_seal) {
      items.push_back({record->id, value.field, value.json});
    }
  }
  if (items.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<std::string> ciphertexts, sealer_.Seal(call, items));
  size_t next = 0;
  for (NewRecord* record : records) {
    SealedValues sealed;
    for (const Unsealed& value : record->values.to_seal) {
      sealed.emplace(value.field, std::move(ciphertexts[next++]));
    }
    record->sealed = PackSealed(sealed);
  }
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
