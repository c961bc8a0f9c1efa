#include "libs/subject/row_ids.h"

#include <map>

#include "libs/base/ids.h"
#include "libs/base/uuid.h"
#include <nlohmann/json.hpp>

namespace kasbah::subject {
namespace {

// Ids of which one service alone knows the type stand here by their prefixes.
const std::map<std::string_view, std::string_view>& Prefixes() {
  static const auto* const prefixes = new std::map<std::string_view, std::string_view>{
      {"tenant_id", TenantIdTag::kPrefix},
      {"customer_id", CustomerIdTag::kPrefix},
      {"user_id", UserIdTag::kPrefix},
      {"api_key_id", ApiKeyIdTag::kPrefix},
      {"successor_id", ApiKeyIdTag::kPrefix},
      {"workload_id", WorkloadIdTag::kPrefix},
      {"secret_id", SecretIdTag::kPrefix},
      {"key_id", KeyIdTag::kPrefix},
      {"database_id", "dbs"},
      {"lease_id", "lse"},
      {"collection_id", CollectionIdTag::kPrefix},
      {"reference_collection", CollectionIdTag::kPrefix},
      {"field_id", FieldIdTag::kPrefix},
      {"group_id", FieldGroupIdTag::kPrefix},
      {"record_id", RecordIdTag::kPrefix},
      {"file_id", FileIdTag::kPrefix},
      {"domain_id", "dom"},
      {"endpoint_id", EndpointIdTag::kPrefix},
      {"message_id", MessageIdTag::kPrefix},
      {"attempt_id", AttemptIdTag::kPrefix},
      {"event_id", EventIdTag::kPrefix},
      {"operation_id", OperationIdTag::kPrefix},
  };
  return *prefixes;
}

}  // namespace

std::string WithPublicIds(std::string_view row) {
  nlohmann::ordered_json object = nlohmann::ordered_json::parse(row, nullptr, false);
  if (!object.is_object()) return std::string(row);
  for (auto& [name, value] : object.items()) {
    const auto prefix = Prefixes().find(name);
    if (prefix == Prefixes().end() || !value.is_string()) continue;
    const auto uuid = Uuid::Parse(value.get<std::string>());
    if (uuid.ok()) value = internal::FormatTypeId(prefix->second, *uuid);
  }
  return object.dump();
}

}  // namespace kasbah::subject
