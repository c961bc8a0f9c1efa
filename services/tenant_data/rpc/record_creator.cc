#include "services/tenant_data/rpc/record_creator.h"

#include <memory>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/rpc/record_change.h"
#include "services/tenant_data/rpc/request_key.h"

namespace kasbah::tenantdata {
namespace {

// Checking more than this takes the transport's thread too long.
constexpr size_t kMostAtOnce = 16 * 1024;

// Whether its collection's rules alone say that it can be written.
bool NeedsNobody(const Validation& checked) {
  const ValidValues& values = checked.valid;
  return checked.violations.empty() && values.to_seal.empty() && values.unique.empty() &&
         values.references.empty() && values.files.empty();
}

v1::Record Show(const RuleTable& rules, const NewRecord& record, absl::Time created) {
  StoredRecord stored;
  stored.id = record.id;
  stored.collection = rules.collection_id();
  stored.customer = record.customer;
  stored.created = created;
  stored.updated = created;
  stored.subject = record.subject;
  v1::Record reply = ToProto(stored);
  *reply.mutable_values() = record.values.values;
  ShowUnsealed(record.values.to_seal, reply.mutable_values());
  return reply;
}

}  // namespace

absl::StatusOr<std::optional<CustomerId>> OwnerOf(const rpc::Call& call, const std::string& named) {
  if (named.empty()) return call.customer;
  ASSIGN_OR_RETURN(const CustomerId owner, ParseId<CustomerId>("customer_id", named));
  if (call.customer && *call.customer != owner) return NotFound("customer");
  return std::make_optional(owner);
}

absl::StatusOr<v1::Record> RecordCreator::Create(const rpc::Call& call,
                                                 const v1::CreateRecordRequest& request) {
  return definitions_.WriteUnderCurrent(call, [&] { return CreateOnce(call, request); });
}

absl::StatusOr<v1::Record> RecordCreator::CreateOnce(const rpc::Call& call,
                                                     const v1::CreateRecordRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<CustomerId> owner, OwnerOf(call, request.customer_id()));
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(call, request.collection()));
  ASSIGN_OR_RETURN(const std::optional<RequestKey> key, KeyOf(request, *rules));
  google::protobuf::Struct values = request.values();
  Validation checked = ValidateNew(*rules, values);
  RETURN_IF_ERROR(references_.Run(call, owner, {&checked}));
  if (!checked.violations.empty()) return InvalidFields(std::move(checked.violations));
  ASSIGN_OR_RETURN(
      const std::vector<v1::MovedValue> moved,
      mover_.Move(call, *rules, request.move_to_vault(), request.request_id(), &values));
  if (!moved.empty()) checked = ValidateNew(*rules, values);
  if (!checked.violations.empty()) return InvalidFields(std::move(checked.violations));

  NewRecord record{RecordId::New(clock_.Now()), owner, std::move(checked.valid), "", {},
                   request.subject_id()};
  RETURN_IF_ERROR(sealer_.Seal(call, *rules, {&record}));
  ASSIGN_OR_RETURN(const Created created, writer_.Create(call, *rules, record, key));
  v1::Record reply;
  if (created.replayed) {
    ASSIGN_OR_RETURN(reply, reader_.Get(call, created.id));
  } else {
    reply = Show(*rules, record, created.time);
  }
  ShowTakenOut(record.values.stripped, moved, &reply);
  return reply;
}

void RecordCreator::Start(const rpc::Call& call, const v1::CreateRecordRequest& request,
                          rpc::Answer<v1::Record> answer) {
  const auto rules = definitions_.FindForWrite(call.tenant, request.collection());
  const absl::StatusOr<std::optional<CustomerId>> owner = OwnerOf(call, request.customer_id());
  if (rules == nullptr || !owner.ok() || !request.request_id().empty() ||
      !request.move_to_vault().empty() || !request.subject_id().empty() ||
      request.ByteSizeLong() > kMostAtOnce) {
    return answer.Defer();
  }
  Validation checked = ValidateNew(*rules, request.values());
  if (!NeedsNobody(checked)) return answer.Defer();
  auto record = std::make_unique<const NewRecord>(
      NewRecord{RecordId::New(clock_.Now()), *owner, std::move(checked.valid), "", {}, ""});
  const NewRecord& written = *record;
  writer_.StartCreate(
      call, *rules, written,
      [this, tenant = call.tenant, rules, record = std::move(record),
       answer = std::move(answer)](std::optional<absl::StatusOr<absl::Time>> created) mutable {
        if (!created) return answer.Defer();
        if (ReasonOf(created->status()) == kDefinitionChanged) {
          definitions_.ForgetCurrent(tenant);
          return answer.Defer();
        }
        if (!created->ok()) return answer.Give(created->status());
        v1::Record reply = Show(*rules, *record, **created);
        ShowTakenOut(record->values.stripped, {}, &reply);
        answer.Give(std::move(reply));
      });
}

}  // namespace kasbah::tenantdata
