#include "services/vault/rpc/key_service.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/vault/rpc/proto_conversion.h"

namespace kasbah::vault {
namespace {

absl::StatusOr<v1::Key> Shown(const absl::StatusOr<StoredKey>& key) {
  RETURN_IF_ERROR(key.status());
  return ToProto(*key);
}

// What a request says of a key's settings, each field where it is set.
template <typename Request>
absl::Status ReadSettings(const Request& request, StoredKey& key) {
  if (request.has_rotation_period()) {
    ASSIGN_OR_RETURN(key.rotation_period,
                     FromDuration(request.rotation_period(), "rotation_period"));
  }
  if (request.has_version_destroy_delay()) {
    ASSIGN_OR_RETURN(key.destroy_delay,
                     FromDuration(request.version_destroy_delay(), "version_destroy_delay"));
  }
  return absl::OkStatus();
}

// The part of `request` that its mask names, put into `key`. What it names and does not set goes
// back to what a new key has.
absl::Status Apply(const v1::UpdateKeyRequest& request, StoredKey& key) {
  if (request.update_mask().paths().empty()) {
    return InvalidField("update_mask", "must name what is to be set");
  }
  StoredKey asked;
  RETURN_IF_ERROR(ReadSettings(request, asked));
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "rotation_period") {
      SetRotationPeriod(asked.rotation_period, key);
    } else if (path == "min_open_version") {
      key.min_open_version = std::max<uint32_t>(request.min_open_version(), 1);
    } else if (path == "version_destroy_delay") {
      key.destroy_delay = asked.destroy_delay;
    } else {
      return InvalidField("update_mask",
                          "may name rotation_period, min_open_version and version_destroy_delay");
    }
  }
  return CheckSettings(key);
}

}  // namespace

KeyService::KeyService(rpc::Pipeline& pipeline, const RootKeys& root, KeyRing& ring, KeyStore& keys,
                       KeyRetirement& retirement)
    : pipeline_(pipeline), root_(root), ring_(ring), keys_(keys), retirement_(retirement) {}

absl::StatusOr<KeyName> KeyService::Admit(const rpc::Call& call, const std::string& key) const {
  RETURN_IF_ERROR(root_.Ready());
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  return KeyName::Parse(key);
}

absl::StatusOr<v1::Key> KeyService::Create(const rpc::Call& call,
                                           const v1::CreateKeyRequest& request) {
  StoredKey key;
  ASSIGN_OR_RETURN(key.name, Admit(call, request.key()));
  ASSIGN_OR_RETURN(key.purpose, PurposeFromProto(request.purpose()));
  RETURN_IF_ERROR(ReadSettings(request, key));
  key.primary_version = 1;
  RETURN_IF_ERROR(CheckSettings(key));
  return Shown(ring_.Create(call, std::move(key)));
}

absl::StatusOr<v1::Key> KeyService::Get(const rpc::Call& call, const v1::GetKeyRequest& request) {
  ASSIGN_OR_RETURN(const KeyName name, Admit(call, request.key()));
  return Shown(keys_.Get(call, name));
}

absl::StatusOr<v1::ListKeysResponse> KeyService::List(const rpc::Call& call,
                                                      const v1::ListKeysRequest&) {
  RETURN_IF_ERROR(root_.Ready());
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const std::vector<StoredKey> keys, keys_.List(call));
  v1::ListKeysResponse reply;
  for (const StoredKey& key : keys) *reply.add_keys() = ToProto(key);
  return reply;
}

absl::StatusOr<v1::Key> KeyService::Update(const rpc::Call& call,
                                           const v1::UpdateKeyRequest& request) {
  ASSIGN_OR_RETURN(const KeyName name, Admit(call, request.key()));
  return Shown(keys_.Save(call, name,
                          [&](StoredKey& key) -> absl::StatusOr<std::optional<KeyStore::Change>> {
                            RETURN_IF_ERROR(Apply(request, key));
                            return KeyStore::Change{"key.update", 0, {}};
                          }));
}

absl::StatusOr<v1::Key> KeyService::Rotate(const rpc::Call& call,
                                           const v1::RotateKeyRequest& request) {
  ASSIGN_OR_RETURN(const KeyName name, Admit(call, request.key()));
  return Shown(ring_.Rotate(call, name));
}

absl::StatusOr<v1::CountKeyReferencesResponse> KeyService::Count(
    const rpc::Call& call, const v1::CountKeyReferencesRequest& request) {
  ASSIGN_OR_RETURN(const KeyName name, Admit(call, request.key()));
  ASSIGN_OR_RETURN(const StoredKey key, keys_.Get(call, name));
  ASSIGN_OR_RETURN(const auto references, retirement_.Count(call, key));
  v1::CountKeyReferencesResponse reply;
  reply.mutable_references()->insert(references.begin(), references.end());
  return reply;
}

absl::StatusOr<v1::Key> KeyService::Destroy(const rpc::Call& call,
                                            const v1::DestroyKeyVersionRequest& request) {
  ASSIGN_OR_RETURN(const KeyName name, Admit(call, request.key()));
  return Shown(retirement_.Schedule(call, name, request.version(), request.force()));
}

absl::StatusOr<v1::Key> KeyService::Restore(const rpc::Call& call,
                                            const v1::RestoreKeyVersionRequest& request) {
  ASSIGN_OR_RETURN(const KeyName name, Admit(call, request.key()));
  return Shown(retirement_.Restore(call, name, request.version()));
}

}  // namespace kasbah::vault
