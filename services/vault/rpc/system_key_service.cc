#include "services/vault/rpc/system_key_service.h"

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/vault/rpc/proto_conversion.h"

namespace kasbah::vault {
namespace {

// The policy let in an operator who named no tenant; the actor stays who it is.
CallContext OfTheSystem(const rpc::Call& call) {
  CallContext own = call;
  own.tenant = kSystemTenant;
  return own;
}

}  // namespace

SystemKeyService::SystemKeyService(rpc::Pipeline& pipeline, const RootKeys& root, KeyRing& ring,
                                   KeyStore& keys)
    : pipeline_(pipeline), root_(root), ring_(ring), keys_(keys) {}

absl::StatusOr<v1::ListSystemKeysResponse> SystemKeyService::List(
    const rpc::Call& call, const v1::ListSystemKeysRequest&) {
  RETURN_IF_ERROR(root_.Ready());
  ASSIGN_OR_RETURN(const std::vector<StoredKey> keys, keys_.List(OfTheSystem(call)));
  v1::ListSystemKeysResponse reply;
  for (const StoredKey& key : keys) *reply.add_keys() = ToProto(key);
  return reply;
}

absl::StatusOr<v1::Key> SystemKeyService::Rotate(const rpc::Call& call,
                                                 const v1::RotateSystemKeyRequest& request) {
  ASSIGN_OR_RETURN(const KeyName name, KeyName::Parse(request.key()));
  ASSIGN_OR_RETURN(const StoredKey key, ring_.Rotate(OfTheSystem(call), name));
  return ToProto(key);
}

absl::StatusOr<v1::Key> SystemKeyService::SetRotation(
    const rpc::Call& call, const v1::SetSystemKeyRotationRequest& request) {
  RETURN_IF_ERROR(root_.Ready());
  ASSIGN_OR_RETURN(const KeyName name, KeyName::Parse(request.key()));
  std::optional<absl::Duration> period;
  if (request.has_rotation_period()) {
    ASSIGN_OR_RETURN(period, FromDuration(request.rotation_period(), "rotation_period"));
  }
  ASSIGN_OR_RETURN(
      const StoredKey key,
      keys_.Save(OfTheSystem(call), name,
                 [&](StoredKey& held) -> absl::StatusOr<std::optional<KeyStore::Change>> {
                   SetRotationPeriod(period, held);
                   RETURN_IF_ERROR(CheckSettings(held));
                   return KeyStore::Change{"key.update", 0, {}};
                 }));
  return ToProto(key);
}

}  // namespace kasbah::vault
