#include "cli/commands/collection_file.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "cli/client/struct_json.h"
#include "cli/console/output.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

// "text" → "FIELD_TYPE_TEXT", as protobuf's JSON wants it.
absl::Status SpellOutType(nlohmann::json& field, size_t index) {
  if (!field.is_object()) {
    return absl::InvalidArgumentError(StrCat("fields[", index, "] has to be an object"));
  }
  if (!field.contains("type") || !field["type"].is_string()) {
    return absl::InvalidArgumentError(StrCat("fields[", index, "].type is missing"));
  }
  const auto* types = tenantdata::v1::FieldType_descriptor();
  const std::string name = field["type"];
  const int number = EnumNumber(*types, name);
  if (number >= 0) {
    field["type"] = types->FindValueByNumber(number)->name();
  } else if (types->FindValueByName(name) == nullptr) {
    return absl::InvalidArgumentError(StrCat("fields[", index, "].type: there is no type '", name,
                                             "'; there are: ", EnumNames(*types)));
  }
  return absl::OkStatus();
}

template <typename Request>
absl::StatusOr<Request> ParseDocument(nlohmann::json document) {
  if (!document.is_object() || !document.contains("fields") || !document["fields"].is_array()) {
    return absl::InvalidArgumentError("has to be an object with 'key' and 'fields'");
  }
  size_t index = 0;
  for (nlohmann::json& field : document["fields"]) RETURN_IF_ERROR(SpellOutType(field, index++));
  Request request;
  const auto status = google::protobuf::util::JsonStringToMessage(document.dump(), &request);
  if (!status.ok()) return absl::InvalidArgumentError(status.message().ToString());
  return request;
}

}  // namespace

absl::StatusOr<tenantdata::v1::CreateCollectionRequest> ParseCollection(const std::string& text) {
  ASSIGN_OR_RETURN(nlohmann::json document, ParseJson(text));
  return ParseDocument<tenantdata::v1::CreateCollectionRequest>(std::move(document));
}

absl::StatusOr<tenantdata::v1::UpdateCollectionRequest> ParseCollectionUpdate(
    const std::string& text) {
  ASSIGN_OR_RETURN(nlohmann::json document, ParseJson(text));
  if (document.is_object()) {
    for (const char* member : {"collection_id", "key", "schema_version", "create_time",
                               "update_time", "delete_time", "retired_fields"}) {
      document.erase(member);
    }
  }
  return ParseDocument<tenantdata::v1::UpdateCollectionRequest>(std::move(document));
}

}  // namespace kasbah::cli
