#include "services/tenant_data/rpc/value_mover.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"
#include "libs/kept_values/kept_values.h"
#include "services/tenant_data/domain/json_value.h"

namespace kasbah::tenantdata {

ValueMover::ValueMover(std::shared_ptr<grpc::Channel> vault)
    : vault_(vault::v1::SecretService::NewStub(std::move(vault))) {}

absl::StatusOr<std::vector<v1::MovedValue>> ValueMover::Move(const rpc::Call& call,
                                                             const RuleTable& rules,
                                                             const std::string& path,
                                                             const std::string& request_id,
                                                             google::protobuf::Struct* values) {
  std::vector<v1::MovedValue> moved;
  if (path.empty()) return moved;
  const kept_values::Wish wish{path, request_id, "values"};
  RETURN_IF_ERROR(kept_values::CheckWish(call, wish));
  if (!Uuid::Parse(request_id).ok()) return InvalidField("request_id", "must be a UUID");
  // In the order of the definition, which their numbers follow.
  std::vector<payload::Found> found;
  for (const FieldRule& field : rules.fields()) {
    const auto value = values->mutable_fields()->find(field.definition.key);
    if (field.definition.type != FieldType::kJson || value == values->mutable_fields()->end()) {
      continue;
    }
    ASSIGN_OR_RETURN(std::vector<payload::Found> here,
                     payload::FindSecrets(&value->second, kJsonLimits));
    for (payload::Found& secret : here) {
      found.push_back({StrCat("/", field.definition.key, secret.path), secret.value});
    }
  }
  ASSIGN_OR_RETURN(const std::vector<kept_values::Kept> kept,
                   kept_values::Keep(call, *vault_, wish, found));
  for (const kept_values::Kept& value : kept) {
    v1::MovedValue& one = moved.emplace_back();
    one.set_path(value.path);
    one.set_secret_id(value.secret_id);
  }
  return moved;
}

}  // namespace kasbah::tenantdata
