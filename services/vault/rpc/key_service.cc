#include "services/vault/rpc/key_service.h"

#include "libs/base/status_macros.h"
#include "services/vault/rpc/proto_conversion.h"

namespace kasbah::vault {

absl::StatusOr<v1::ListKeysResponse> KeyService::List(const rpc::Call& call,
                                                      const v1::ListKeysRequest&) {
  RETURN_IF_ERROR(root_.Ready());
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const std::vector<StoredKey> keys, keys_.List(call));
  v1::ListKeysResponse reply;
  for (const StoredKey& key : keys) *reply.add_keys() = ToProto(key);
  return reply;
}

absl::StatusOr<v1::Key> KeyService::Rotate(const rpc::Call& call,
                                           const v1::RotateKeyRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const KeyName name, KeyName::Parse(request.key()));
  ASSIGN_OR_RETURN(const StoredKey key, ring_.Rotate(call, name));
  return ToProto(key);
}

}  // namespace kasbah::vault
