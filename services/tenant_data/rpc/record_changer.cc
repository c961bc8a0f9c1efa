#include "services/tenant_data/rpc/record_changer.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/change_mask.h"
#include "services/tenant_data/domain/etag.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/rpc/record_change.h"
#include "services/tenant_data/rpc/request_key.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Struct;

// How often a change that others overtook is made again.
constexpr int kTries = 10;

absl::Status Contention() {
  return WithRetryDelay(Error(absl::StatusCode::kAborted, "CONTENTION",
                              "others kept changing the same record; try again"),
                        absl::Milliseconds(100));
}

absl::Status SubjectSet() {
  return Error(absl::StatusCode::kFailedPrecondition, "SUBJECT_SET",
               "it is somebody else's data, which is said once");
}

bool IsTaken(const absl::Status& status, const std::string& key) {
  const std::vector<Violation> violations = DetailsOf(status).violations;
  return std::any_of(violations.begin(), violations.end(), [&](const Violation& violation) {
    return violation.rule == "UNIQUE" && violation.field == PathOf(key);
  });
}

// The value of the field that tells an upsert's record, as it is kept unique.
absl::StatusOr<UniqueEntry> UniqueValueOf(const RuleTable& rules,
                                          const v1::UpsertRecordRequest& request) {
  const FieldRule* field = rules.Find(request.unique_field());
  if (field == nullptr || !field->definition.unique) {
    return InvalidField("unique_field", "must be the key of a unique field");
  }
  // A record that the build has not come to yet would not be found, and made twice.
  if (field->definition.index_state == IndexState::kBuilding) {
    return WithRetryDelay(Error(absl::StatusCode::kFailedPrecondition, "INDEX_BUILDING",
                                "the unique field is being indexed; ask again later"),
                          absl::Seconds(1));
  }
  const auto given = request.values().fields().find(request.unique_field());
  if (given == request.values().fields().end()) {
    return InvalidFields({{PathOf(request.unique_field()), "must be given", "REQUIRED"}});
  }
  Struct alone;
  (*alone.mutable_fields())[request.unique_field()] = given->second;
  Validation checked = ValidateNew(rules, alone);
  if (checked.valid.unique.size() == 1) return checked.valid.unique.front();
  // What the field itself breaks; what else is required is another matter.
  std::erase_if(checked.violations, [&](const Violation& violation) {
    return violation.field != PathOf(request.unique_field());
  });
  if (checked.violations.empty()) {
    checked.violations.push_back({PathOf(request.unique_field()), "must be given", "REQUIRED"});
  }
  return InvalidFields(std::move(checked.violations));
}

}  // namespace

absl::StatusOr<v1::Record> RecordChanger::Update(const rpc::Call& call,
                                                 const v1::UpdateRecordRequest& request) {
  ASSIGN_OR_RETURN(const RecordId id, ParseId<RecordId>("record_id", request.record_id()));
  ASSIGN_OR_RETURN(const std::optional<uint64_t> version,
                   ParseEtagOrAny(request.etag(), /*may_be_empty=*/false));
  for (int tries = 0; tries < kTries; ++tries) {
    ASSIGN_OR_RETURN(const StoredRecord stored, reader_.Find(call, id));
    if (version && stored.version != *version) return StaleEtag();
    absl::StatusOr<v1::Record> changed = Change(call, stored, request);
    if (version || ReasonOf(changed.status()) != reason::kEtagMismatch) return changed;
  }
  return Contention();
}

absl::StatusOr<v1::Record> RecordChanger::Change(const rpc::Call& call, const StoredRecord& stored,
                                                 const v1::UpdateRecordRequest& request) {
  return definitions_.WriteUnderCurrent(call, [&] { return ChangeOnce(call, stored, request); });
}

absl::StatusOr<v1::Record> RecordChanger::ChangeOnce(const rpc::Call& call,
                                                     const StoredRecord& stored,
                                                     const v1::UpdateRecordRequest& request) {
  if (!request.subject_id().empty() && !stored.subject.empty() &&
      request.subject_id() != stored.subject) {
    return SubjectSet();
  }
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(call, stored.collection.ToString()));
  ASSIGN_OR_RETURN(Struct changes, ApplyMask(*rules, request.update_mask(), request.values()));
  ASSIGN_OR_RETURN(SealedValues sealed, UnpackSealed(stored.sealed));
  ASSIGN_OR_RETURN(const Struct before, ParseFlatObject(stored.data));
  Validation checked = ValidateChange(*rules, before, SizesOf(sealed), changes);
  RETURN_IF_ERROR(references_.Run(call, stored.customer, {&checked}));
  if (!checked.violations.empty()) return InvalidFields(std::move(checked.violations));
  ASSIGN_OR_RETURN(
      const std::vector<v1::MovedValue> moved,
      mover_.Move(call, *rules, request.move_to_vault(), request.request_id(), &changes));
  if (!moved.empty()) checked = ValidateChange(*rules, before, SizesOf(sealed), changes);
  if (!checked.violations.empty()) return InvalidFields(std::move(checked.violations));
  const payload::Report stripped = std::move(checked.valid.stripped);

  const bool gets_subject = stored.subject.empty() && !request.subject_id().empty();
  const std::string& subject = gets_subject ? request.subject_id() : stored.subject;
  NewRecord fresh{stored.id, stored.customer, std::move(checked.valid), "", {}, subject};
  RETURN_IF_ERROR(sealer_.Seal(call, *rules, {&fresh}));
  std::vector<std::string> changed_keys =
      ChangedKeys(*rules, before, sealed, fresh.values.values, changes);
  std::vector<FieldId> named = RemoveNamed(*rules, changes, &sealed);
  RemoveRetired(*rules, &sealed, &named);
  if (gets_subject) {
    ASSIGN_OR_RETURN(sealed, sealer_.Reseal(call, stored.id, sealed, subject));
  }
  // What the record has sealed in the end; what it keeps is yet to be opened for the reply.
  ASSIGN_OR_RETURN(SealedValues all, UnpackSealed(fresh.sealed));
  all.insert(sealed.begin(), sealed.end());
  StoredRecord after = stored;
  after.version = stored.version + 1;
  after.schema_version = rules->schema_version();
  after.data = fresh.values.data;
  after.sealed = PackSealed(sealed);
  after.subject = subject;
  const std::vector<Unsealed> given = fresh.values.to_seal;
  ASSIGN_OR_RETURN(
      after.updated,
      writer_.Update(call, *rules,
                     {stored.id, stored.version, stored.customer, std::move(fresh.values),
                      PackSealed(all), std::move(named), std::move(fresh.blind),
                      std::move(changed_keys), gets_subject ? subject : ""}));
  ASSIGN_OR_RETURN(v1::Record reply, opener_.Show(call, after));
  ShowUnsealed(given, reply.mutable_values());
  ShowTakenOut(stripped, moved, &reply);
  return reply;
}

absl::StatusOr<v1::UpsertRecordResponse> RecordChanger::Upsert(
    const rpc::Call& call, const v1::UpsertRecordRequest& request) {
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(call, request.collection()));
  ASSIGN_OR_RETURN(const UniqueEntry unique, UniqueValueOf(*rules, request));
  v1::CreateRecordRequest create;
  create.set_collection(request.collection());
  *create.mutable_values() = request.values();
  create.set_customer_id(request.customer_id());
  create.set_subject_id(request.subject_id());
  if (!request.move_to_vault().empty()) {
    create.set_request_id(request.request_id());
    create.set_move_to_vault(request.move_to_vault());
  }
  v1::UpdateRecordRequest change;
  *change.mutable_values() = request.values();
  change.set_request_id(request.request_id());
  change.set_move_to_vault(request.move_to_vault());
  v1::UpsertRecordResponse reply;
  // A value that is taken by a record which this call does not see is another customer's.
  bool was_unseen = false;
  for (int tries = 0; tries < kTries; ++tries) {
    ASSIGN_OR_RETURN(const std::optional<RecordId> owner, reader_.FindByUnique(call, unique));
    if (!owner) {
      absl::StatusOr<v1::Record> created = creator_.Create(call, create);
      if (!created.ok()) {
        if (was_unseen || !IsTaken(created.status(), request.unique_field())) {
          return created.status();
        }
        was_unseen = true;
        continue;
      }
      *reply.mutable_record() = *std::move(created);
      reply.set_created(true);
      return reply;
    }
    was_unseen = false;
    const absl::StatusOr<StoredRecord> stored = reader_.Find(call, *owner);
    // Deleted a moment ago.
    if (ReasonOf(stored.status()) == reason::kNotFound) continue;
    RETURN_IF_ERROR(stored.status());
    absl::StatusOr<v1::Record> changed = Change(call, *stored, change);
    if (ReasonOf(changed.status()) == reason::kEtagMismatch) continue;
    RETURN_IF_ERROR(changed.status());
    *reply.mutable_record() = *std::move(changed);
    return reply;
  }
  return Contention();
}

}  // namespace kasbah::tenantdata
