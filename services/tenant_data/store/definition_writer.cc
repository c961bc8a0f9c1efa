#include "services/tenant_data/store/definition_writer.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/domain/field_check.h"
#include "services/tenant_data/domain/paired_index.h"
#include "services/tenant_data/store/definition_events.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

absl::Status EtagMismatch() {
  return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
               "the collection changed since it was read; read it again and repeat the change");
}

absl::Status RecordsBreak(const RecordCheck& found) {
  std::vector<Violation> violations;
  for (const RecordFault& fault : found.faults()) {
    violations.push_back({StrCat("records.", fault.record.ToString(), ".", fault.violation.field),
                          fault.violation.description, fault.violation.rule});
  }
  return WithViolations(Error(absl::StatusCode::kFailedPrecondition, "RECORDS_BREAK_DEFINITION",
                              StrCat(found.breaking(), " of ", found.checked(),
                                     " records break the new definition; nothing was changed")),
                        violations);
}

// Whether the field referred to it before.
bool Refers(const CollectionDefinition* current, const std::string& key, CollectionId to) {
  return current != nullptr && std::any_of(current->fields.begin(), current->fields.end(),
                                           [&](const FieldDefinition& field) {
                                             return field.key == key && field.reference == to;
                                           });
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
        RETURN_IF_ERROR(LookUpReferences(tx, call, nullptr, &whole, &violations));
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
  ASSIGN_OR_RETURN(const Draft draft, database_.WithTenant(call, [&](Transaction& tx) {
    return Prepare(tx, call, name, revision, asked);
  }));
  if (draft.check == nullptr || validate_only) return draft.update;
  RETURN_IF_ERROR(Holds(draft));
  if (!draft.change.demands.empty()) {
    // Once more beside the writers, so that what is left for them to wait for is little.
    RETURN_IF_ERROR(database_.WithTenant(
        call, [&](Transaction& tx) { return draft.check->LookAgain(tx, call); }));
    RETURN_IF_ERROR(Holds(draft));
  }
  return database_.WithTenant(call, [&](Transaction& tx) { return Make(tx, call, draft); });
}

absl::Status DefinitionWriter::Holds(const Draft& draft) {
  const RecordCheck& found = draft.check->found();
  return found.breaking() > 0 ? RecordsBreak(found) : absl::OkStatus();
}

absl::StatusOr<DefinitionWriter::Draft> DefinitionWriter::Prepare(Transaction& tx,
                                                                  const CallContext& call,
                                                                  const std::string& name,
                                                                  uint64_t revision,
                                                                  CollectionDefinition asked) {
  ASSIGN_OR_RETURN(const CollectionDefinition current, GetForChange(tx, call, name, revision));
  if (current.deleted) return NotFound("collection");
  asked.id = current.id;
  asked.key = current.key;
  std::vector<Violation> violations;
  RETURN_IF_ERROR(LookUpReferences(tx, call, &current, &asked, &violations));
  Draft draft;
  draft.change = PlanChange(current, std::move(asked), clock_.Now());
  violations.insert(violations.end(), draft.change.violations.begin(),
                    draft.change.violations.end());
  if (!violations.empty()) return InvalidFields(std::move(violations));
  draft.update.collection = current;
  if (!draft.change.changes_schema && draft.change.next.display_name == current.display_name) {
    return draft;
  }
  draft.update.collection = draft.change.next;
  ASSIGN_OR_RETURN(draft.check, DefinitionCheck::Create(builds_, draft.change));
  RETURN_IF_ERROR(draft.check->Look(tx, call));
  draft.update.checked = draft.check->found().checked();
  draft.update.breaking = draft.check->found().breaking();
  draft.update.faults = draft.check->found().faults();
  return draft;
}

absl::StatusOr<DefinitionUpdate> DefinitionWriter::Make(Transaction& tx, const CallContext& call,
                                                        const Draft& draft) {
  const DefinitionChange& change = draft.change;
  collections_.Hold(tx, change.next.id);
  RETURN_IF_ERROR(draft.check->LookAgain(tx, call));
  RETURN_IF_ERROR(Holds(draft));
  collections_.Update(tx, call, change.next, change.changes_schema);
  builds_.Begin(tx, call, change.next.id, change.to_build, change.next.updated);
  RETURN_IF_ERROR(AppendDefinitionEvents(outbox_, tx, call, clock_, "update", change));
  return draft.update;
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
    std::vector<FieldId> to_build = {found->id};
    ASSIGN_OR_RETURN(const std::vector<DeclaredPair> pairs, DeclaredPairs(collection));
    for (const DeclaredPair& pair : pairs) {
      FieldDefinition& filtered = collection.fields[pair.field];
      const FieldDefinition& order = collection.fields[pair.order];
      if (filtered.id != found->id && order.id != found->id) continue;
      to_build.push_back(pair.id);
      std::vector<std::string>& building = filtered.building_orders;
      if (std::find(building.begin(), building.end(), order.key) == building.end()) {
        building.push_back(order.key);
      }
    }
    builds_.Begin(tx, call, collection.id, to_build, clock_.Now());
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
                                                const CollectionDefinition* current,
                                                CollectionDefinition* collection,
                                                std::vector<Violation>* violations) const {
  const bool any =
      std::any_of(collection->fields.begin(), collection->fields.end(),
                  [](const FieldDefinition& field) { return !field.reference_name.empty(); });
  if (!any) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto names, collections_.Names(tx, call).Await());
  names.push_back({collection->id, collection->key, /*is_deleted=*/false});
  for (size_t i = 0; i < collection->fields.size(); ++i) {
    FieldDefinition& field = collection->fields[i];
    if (field.reference_name.empty()) continue;
    const auto found = std::find_if(names.begin(), names.end(), [&](const CollectionName& known) {
      const bool is_it =
          known.key == field.reference_name || known.id.ToString() == field.reference_name;
      return is_it && (!known.is_deleted || Refers(current, field.key, known.id));
    });
    if (found != names.end()) {
      field.reference = found->id;
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
