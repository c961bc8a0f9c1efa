#include "services/tenant_data/rpc/record_restorer.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/etag.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/rpc/record_change.h"

namespace kasbah::tenantdata {

using google::protobuf::Struct;

absl::StatusOr<v1::Record> RecordRestorer::Restore(const rpc::Call& call,
                                                   const v1::RestoreRecordRequest& request) {
  return definitions_.WriteUnderCurrent(call, [&] { return RestoreOnce(call, request); });
}

absl::StatusOr<v1::Record> RecordRestorer::RestoreOnce(const rpc::Call& call,
                                                       const v1::RestoreRecordRequest& request) {
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  ASSIGN_OR_RETURN(const std::optional<uint64_t> version,
                   ParseEtagOrAny(request.etag(), /*may_be_empty=*/true));
  ASSIGN_OR_RETURN(const StoredRecord stored, reader_.FindDeleted(call, id));
  if (version && stored.version != *version) return StaleEtag();
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(call, stored.collection.ToString()));
  ASSIGN_OR_RETURN(SealedValues sealed, UnpackSealed(stored.sealed));
  ASSIGN_OR_RETURN(const Struct before, ParseFlatObject(stored.data));
  // All of its values are given anew, so that each is claimed and indexed.
  Struct values = request.values();
  for (const auto& [key, value] : before.fields()) {
    if (rules->Find(key) != nullptr) values.mutable_fields()->insert({key, value});
  }
  Validation checked = ValidateChange(*rules, Struct(), SizesOf(sealed), values);
  RETURN_IF_ERROR(references_.Run(call, stored.customer, {&checked}));
  if (!checked.violations.empty()) return InvalidFields(std::move(checked.violations));

  const payload::Report stripped = std::move(checked.valid.stripped);
  NewRecord fresh{id, stored.customer, std::move(checked.valid), "", {}, stored.subject};
  RETURN_IF_ERROR(sealer_.Seal(call, *rules, {&fresh}));
  std::vector<std::string> changed =
      ChangedKeys(*rules, before, sealed, fresh.values.values, request.values());
  std::vector<FieldId> named = RemoveNamed(*rules, request.values(), &sealed);
  RemoveRetired(*rules, &sealed, &named);
  ASSIGN_OR_RETURN(std::vector<BlindEntry> blind, IndexKept(call, *rules, stored, sealed));
  for (BlindEntry& entry : fresh.blind) blind.push_back(std::move(entry));
  ASSIGN_OR_RETURN(SealedValues all, UnpackSealed(fresh.sealed));
  all.insert(sealed.begin(), sealed.end());
  StoredRecord after = stored;
  after.version = stored.version + 1;
  after.schema_version = rules->schema_version();
  after.data = fresh.values.data;
  after.sealed = PackSealed(sealed);
  const std::vector<Unsealed> given = fresh.values.to_seal;
  ASSIGN_OR_RETURN(after.updated, writer_.Restore(call, *rules,
                                                  {id,
                                                   stored.version,
                                                   stored.customer,
                                                   std::move(fresh.values),
                                                   PackSealed(all),
                                                   {},
                                                   std::move(blind),
                                                   std::move(changed)}));
  ASSIGN_OR_RETURN(v1::Record reply, opener_.Show(call, after));
  ShowUnsealed(given, reply.mutable_values());
  ShowTakenOut(stripped, {}, &reply);
  return reply;
}

absl::StatusOr<std::vector<BlindEntry>> RecordRestorer::IndexKept(const rpc::Call& call,
                                                                  const RuleTable& rules,
                                                                  const StoredRecord& stored,
                                                                  const SealedValues& kept) {
  std::vector<SealItem> to_open;
  for (const auto& [field, ciphertext] : kept) {
    const FieldRule* rule = rules.Find(field);
    if (rule == nullptr || !rule->definition.searchable) continue;
    to_open.push_back({stored.id, field, ciphertext, stored.subject});
  }
  std::vector<BlindEntry> entries;
  if (to_open.empty()) return entries;
  ASSIGN_OR_RETURN(std::vector<OpenedValue> opened, field_sealer_.Open(call, to_open));
  std::vector<BlindItem> items;
  for (size_t i = 0; i < to_open.size(); ++i) {
    // What was erased with its key is found no more.
    if (opened[i].error == kKeyShredded) continue;
    if (!opened[i].error.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, "SEALED_VALUE_UNREADABLE",
                   "a sealed value does not open");
    }
    items.push_back({to_open[i].field, std::move(opened[i].bytes)});
  }
  if (items.empty()) return entries;
  ASSIGN_OR_RETURN(std::vector<std::string> indexes, indexer_.Index(call, items));
  for (size_t i = 0; i < items.size(); ++i) {
    entries.push_back({items[i].field, std::move(indexes[i])});
  }
  return entries;
}

}  // namespace kasbah::tenantdata
