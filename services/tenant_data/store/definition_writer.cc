#include "services/tenant_data/store/definition_writer.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/domain/field_check.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/store/definition_events.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

// Records in a page of a check; few where each may be of megabytes.
constexpr int64_t kPage = 1000;
constexpr int64_t kPageOfLongTexts = 20;

absl::Status EtagMismatch() {
  return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
               "the collection changed since it was read; read it again and repeat the change");
}

absl::Status RecordsBreak(const DefinitionUpdate& update) {
  std::vector<Violation> violations;
  for (const RecordFault& fault : update.faults) {
    violations.push_back({StrCat("records.", fault.record.ToString(), ".", fault.violation.field),
                          fault.violation.description, fault.violation.rule});
  }
  return WithViolations(Error(absl::StatusCode::kFailedPrecondition, "RECORDS_BREAK_DEFINITION",
                              StrCat(update.breaking, " of ", update.checked,
                                     " records break the new definition; nothing was changed")),
                        violations);
}

bool HoldsLongTexts(const RuleTable& rules, const std::vector<FieldDemand>& demands) {
  return std::any_of(demands.begin(), demands.end(), [&](const FieldDemand& demand) {
    const FieldType type = rules.Find(demand.field)->definition.type;
    return type == FieldType::kLongText || type == FieldType::kRichText;
  });
}

std::vector<std::string> KeysOf(const RuleTable& rules, const std::vector<FieldDemand>& demands) {
  std::vector<std::string> keys;
  for (const FieldDemand& demand : demands) {
    keys.push_back(rules.Find(demand.field)->definition.key);
  }
  return keys;
}

absl::Status LookAt(const ScannedRecord& record, RecordCheck* check) {
  ASSIGN_OR_RETURN(const google::protobuf::Struct values, ParseFlatObject(record.data));
  ASSIGN_OR_RETURN(const SealedValues sealed, UnpackSealed(record.sealed));
  absl::flat_hash_set<FieldId> fields;
  for (const auto& [field, ciphertext] : sealed) fields.insert(field);
  check->Look(record.id, values, fields);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CollectionDefinition> DefinitionWriter::Create(const CallContext& call,
                                                              CollectionDefinition collection) {
  const absl::Time now = clock_.Now();
  collection.id = CollectionId::New(now);
  collection.created = now;
  collection.updated = now;
  for (FieldDefinition& field : collection.fields) field.id = FieldId::New(now);
  for (GroupDefinition& group : collection.groups) group.id = FieldGroupId::New(now);
  const auto made =
      database_.WithTenant(call, [&](Transaction& tx) -> absl::StatusOr<CollectionDefinition> {
        CollectionDefinition whole = collection;
        std::vector<Violation> violations;
        RETURN_IF_ERROR(LookUpReferences(tx, call, &whole, &violations));
        if (!violations.empty()) return InvalidFields(std::move(violations));
        collections_.Insert(tx, call, whole);
        RETURN_IF_ERROR(
            AppendDefinitionEvents(outbox_, tx, call, clock_, "create", MakingOf(whole)));
        return whole;
      });
  if (ReasonOf(made.status()) == reason::kAlreadyExists) {
    return Error(absl::StatusCode::kAlreadyExists, reason::kAlreadyExists,
                 "another collection has this key");
  }
  return made;
}

absl::StatusOr<DefinitionUpdate> DefinitionWriter::Update(const CallContext& call,
                                                          const std::string& name,
                                                          uint64_t revision,
                                                          const CollectionDefinition& asked,
                                                          bool validate_only) {
  return database_.WithTenant(call, [&](Transaction& tx) {
    return UpdateIn(tx, call, name, revision, asked, validate_only);
  });
}

absl::StatusOr<DefinitionUpdate> DefinitionWriter::UpdateIn(
    Transaction& tx, const CallContext& call, const std::string& name, uint64_t revision,
    CollectionDefinition asked, bool validate_only) {
  ASSIGN_OR_RETURN(const CollectionDefinition current, GetForChange(tx, call, name, revision));
  if (current.deleted) return NotFound("collection");
  asked.id = current.id;
  asked.key = current.key;
  std::vector<Violation> violations;
  RETURN_IF_ERROR(LookUpReferences(tx, call, &asked, &violations));
  DefinitionChange change = PlanChange(current, std::move(asked), clock_.Now());
  violations.insert(violations.end(), change.violations.begin(), change.violations.end());
  if (!violations.empty()) return InvalidFields(std::move(violations));

  DefinitionUpdate update;
  if (!change.changes_schema && change.next.display_name == current.display_name) {
    update.collection = current;
    return update;
  }
  if (!validate_only) collections_.Hold(tx, current.id);
  RETURN_IF_ERROR(CheckRecords(tx, call, change, &update));
  update.collection = change.next;
  if (validate_only) return update;
  if (update.breaking > 0) return RecordsBreak(update);
  collections_.Update(tx, call, change.next, change.changes_schema);
  builds_.Begin(tx, call, current.id, change.to_build, change.next.updated);
  RETURN_IF_ERROR(AppendDefinitionEvents(outbox_, tx, call, clock_, "update", change));
  return update;
}

absl::Status DefinitionWriter::CheckRecords(Transaction& tx, const CallContext& call,
                                            const DefinitionChange& change,
                                            DefinitionUpdate* update) const {
  if (change.demands.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto rules, RuleTable::Compile(change.next));
  RecordCheck check(*rules, change.demands);
  const std::vector<std::string> keys = KeysOf(*rules, change.demands);
  const int64_t page = HoldsLongTexts(*rules, change.demands) ? kPageOfLongTexts : kPage;
  RecordId after;
  size_t seen = 0;
  do {
    ASSIGN_OR_RETURN(
        const std::vector<ScannedRecord> records,
        builds_
            .Records(tx, call, change.next.id, after, keys, page, IndexBuildStore::Scan::kForCheck)
            .Await());
    for (const ScannedRecord& record : records) RETURN_IF_ERROR(LookAt(record, &check));
    seen = records.size();
    if (seen > 0) after = records.back().id;
  } while (seen == static_cast<size_t>(page));
  update->checked = check.checked();
  update->breaking = check.breaking();
  update->faults = check.faults();
  return absl::OkStatus();
}

absl::StatusOr<CollectionDefinition> DefinitionWriter::Delete(const CallContext& call,
                                                              const std::string& name,
                                                              uint64_t revision,
                                                              bool with_records) {
  return database_.WithTenant(call, [&](Transaction& tx) -> absl::StatusOr<CollectionDefinition> {
    ASSIGN_OR_RETURN(CollectionDefinition collection, GetForChange(tx, call, name, revision));
    if (collection.deleted) return NotFound("collection");
    collections_.Hold(tx, collection.id);
    ASSIGN_OR_RETURN(const bool has_records,
                     collections_.HasRecords(tx, call, collection.id).Await());
    if (has_records && !with_records) {
      return Error(absl::StatusCode::kFailedPrecondition, "COLLECTION_NOT_EMPTY",
                   "the collection has records; delete them, or say that they go with it");
    }
    collection.deleted = clock_.Now();
    builds_.Pause(tx, call, collection.id);
    RETURN_IF_ERROR(Store(tx, call, "delete", &collection));
    return collection;
  });
}

absl::StatusOr<CollectionDefinition> DefinitionWriter::Undelete(const CallContext& call,
                                                                const std::string& name,
                                                                uint64_t revision) {
  return database_.WithTenant(call, [&](Transaction& tx) -> absl::StatusOr<CollectionDefinition> {
    ASSIGN_OR_RETURN(CollectionDefinition collection, GetForChange(tx, call, name, revision));
    if (!collection.deleted) {
      return Error(absl::StatusCode::kFailedPrecondition, "COLLECTION_NOT_DELETED",
                   "the collection is not deleted");
    }
    collection.deleted = std::nullopt;
    builds_.GoOn(tx, call, collection.id, clock_.Now());
    RETURN_IF_ERROR(Store(tx, call, "undelete", &collection));
    return collection;
  });
}

absl::StatusOr<CollectionDefinition> DefinitionWriter::Rebuild(const CallContext& call,
                                                               const std::string& name,
                                                               const std::string& field) {
  return database_.WithTenant(call, [&](Transaction& tx) -> absl::StatusOr<CollectionDefinition> {
    ASSIGN_OR_RETURN(CollectionDefinition collection, collections_.Get(tx, call, name).Await());
    if (collection.deleted) return NotFound("collection");
    const auto found = std::find_if(collection.fields.begin(), collection.fields.end(),
                                    [&](const FieldDefinition& one) { return one.key == field; });
    if (found == collection.fields.end()) return NotFound("field");
    if (!found->indexed && !found->unique) {
      return Error(absl::StatusCode::kFailedPrecondition, "NOT_INDEXED",
                   "the field is neither indexed nor unique");
    }
    builds_.Begin(tx, call, collection.id, {found->id}, clock_.Now());
    found->index_state = IndexState::kBuilding;
    found->conflicts.clear();
    RETURN_IF_ERROR(outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "collection.rebuild_index",
                          {"collection", collection.id.ToString(), collection.key},
                          {{"field", found->key}})));
    return collection;
  });
}

absl::Status DefinitionWriter::LookUpReferences(Transaction& tx, const CallContext& call,
                                                CollectionDefinition* collection,
                                                std::vector<Violation>* violations) const {
  const bool any =
      std::any_of(collection->fields.begin(), collection->fields.end(),
                  [](const FieldDefinition& field) { return !field.reference_name.empty(); });
  if (!any) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto names, collections_.Names(tx, call).Await());
  names.emplace_back(collection->id, collection->key);
  for (size_t i = 0; i < collection->fields.size(); ++i) {
    FieldDefinition& field = collection->fields[i];
    if (field.reference_name.empty()) continue;
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& known) {
      return known.second == field.reference_name || known.first.ToString() == field.reference_name;
    });
    if (found != names.end()) {
      field.reference = found->first;
    } else {
      violations->push_back(
          {StrCat("fields[", i, "].reference_collection"), "is no collection", ""});
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<CollectionDefinition> DefinitionWriter::GetForChange(Transaction& tx,
                                                                    const CallContext& call,
                                                                    const std::string& name,
                                                                    uint64_t revision) const {
  ASSIGN_OR_RETURN(CollectionDefinition collection, collections_.Get(tx, call, name).Await());
  if (collection.revision != revision) return EtagMismatch();
  return collection;
}

absl::Status DefinitionWriter::Store(Transaction& tx, const CallContext& call,
                                     std::string_view verb, CollectionDefinition* collection) {
  ++collection->revision;
  collection->updated = clock_.Now();
  collections_.Update(tx, call, *collection, /*changes_schema=*/false);
  DefinitionChange change;
  change.next = *collection;
  return AppendDefinitionEvents(outbox_, tx, call, clock_, verb, change);
}

}  // namespace kasbah::tenantdata
