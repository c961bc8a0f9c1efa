#include "services/tenant_data/rpc/request_key.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "libs/base/error.h"
#include "libs/crypto/hash.h"
#include "services/tenant_data/domain/json_value.h"

namespace kasbah::tenantdata {
namespace {

std::string DigestOf(const google::protobuf::Message& request) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream sink(&bytes);
    google::protobuf::io::CodedOutputStream coded(&sink);
    // Maps are written in the order of their keys.
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  return crypto::Sha256({request.GetTypeName(), bytes});
}

void RemoveSecrets(const RuleTable& rules, google::protobuf::Struct* values) {
  for (const FieldRule& field : rules.fields()) {
    const FieldDefinition& definition = field.definition;
    if (!definition.sealed && definition.type != FieldType::kJson) continue;
    const auto found = values->mutable_fields()->find(definition.key);
    if (found == values->mutable_fields()->end()) continue;
    // What cannot be stripped is refused with the rest of its request.
    if (definition.sealed || !payload::Strip(&found->second, kJsonLimits).ok()) {
      found->second.set_null_value({});
    }
  }
}

template <typename Request>
absl::StatusOr<std::optional<RequestKey>> ToKey(Request copy,
                                                std::string_view field = "request_id") {
  const absl::StatusOr<Uuid> id = Uuid::Parse(copy.request_id());
  if (!id.ok()) return InvalidField(field, "must be a UUID");
  copy.clear_request_id();
  return std::make_optional(RequestKey{*id, DigestOf(copy)});
}

}  // namespace

absl::StatusOr<std::optional<RequestKey>> KeyOf(const v1::CreateRecordRequest& request,
                                                const RuleTable& rules) {
  if (request.request_id().empty()) return std::nullopt;
  v1::CreateRecordRequest copy = request;
  RemoveSecrets(rules, copy.mutable_values());
  return ToKey(std::move(copy));
}

absl::StatusOr<std::optional<RequestKey>> KeyOf(const v1::BatchCreateRecordsRequest& request,
                                                const RuleTable& rules) {
  if (request.request_id().empty()) return std::nullopt;
  v1::BatchCreateRecordsRequest copy = request;
  for (google::protobuf::Struct& values : *copy.mutable_values()) RemoveSecrets(rules, &values);
  return ToKey(std::move(copy));
}

absl::StatusOr<std::optional<RequestKey>> KeyOf(const v1::FileMetadata& metadata) {
  if (metadata.request_id().empty()) return std::nullopt;
  return ToKey(metadata, "metadata.request_id");
}

}  // namespace kasbah::tenantdata
