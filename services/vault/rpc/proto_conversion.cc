#include "services/vault/rpc/proto_conversion.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"

namespace kasbah::vault {
namespace {

v1::SecretVersion::State ToProto(VersionState state) {
  switch (state) {
    case VersionState::kEnabled:
      return v1::SecretVersion::STATE_ENABLED;
    case VersionState::kDisabled:
      return v1::SecretVersion::STATE_DISABLED;
    case VersionState::kDestroyScheduled:
      return v1::SecretVersion::STATE_DESTROY_SCHEDULED;
    case VersionState::kDestroyed:
      return v1::SecretVersion::STATE_DESTROYED;
  }
  Crash("a version state without a number", __FILE__, __LINE__);
}

constexpr std::pair<KeyPurpose, v1::Key::Purpose> kPurposes[] = {
    {KeyPurpose::kEncrypt, v1::Key::PURPOSE_ENCRYPT},
    {KeyPurpose::kMac, v1::Key::PURPOSE_MAC},
    {KeyPurpose::kSign, v1::Key::PURPOSE_SIGN},
    {KeyPurpose::kSignP256, v1::Key::PURPOSE_SIGN_P256},
    {KeyPurpose::kBlindIndex, v1::Key::PURPOSE_BLIND_INDEX},
};

v1::Key::Purpose ToProto(KeyPurpose purpose) {
  for (const auto& [ours, theirs] : kPurposes) {
    if (ours == purpose) return theirs;
  }
  Crash("a key purpose without a number", __FILE__, __LINE__);
}

v1::KeyVersion::State ToProto(KeyVersionState state) {
  switch (state) {
    case KeyVersionState::kEnabled:
      return v1::KeyVersion::STATE_ENABLED;
    case KeyVersionState::kTooOld:
      return v1::KeyVersion::STATE_TOO_OLD;
    case KeyVersionState::kDestroyScheduled:
      return v1::KeyVersion::STATE_DESTROY_SCHEDULED;
    case KeyVersionState::kDestroyed:
      return v1::KeyVersion::STATE_DESTROYED;
  }
  Crash("a key version's state without a number", __FILE__, __LINE__);
}

}  // namespace

absl::StatusOr<SecretRotation> RotationFromProto(const v1::SecretRotation& rotation,
                                                 absl::Time now) {
  ASSIGN_OR_RETURN(const absl::Duration period, FromDuration(rotation.period(), "rotation.period"));
  absl::Time next = now + period;
  if (rotation.has_next_time()) {
    ASSIGN_OR_RETURN(next, FromTimestamp(rotation.next_time(), "rotation.next_time"));
  }
  return SecretRotation{period, next, rotation.topic()};
}

absl::StatusOr<KeyPurpose> PurposeFromProto(v1::Key::Purpose purpose) {
  for (const auto& [ours, theirs] : kPurposes) {
    if (theirs == purpose) return ours;
  }
  return InvalidField("purpose", "must say what the key is for");
}

absl::Status RequestIdReused() {
  return Error(absl::StatusCode::kFailedPrecondition, "REQUEST_ID_REUSED",
               "this request_id came before with another request; use a new one");
}

v1::SecretGrant ToProto(const SecretGrant& grant) {
  v1::SecretGrant reply;
  reply.set_actor(grant.actor);
  reply.set_access(grant.can_write ? v1::SecretGrant::ACCESS_WRITE : v1::SecretGrant::ACCESS_READ);
  return reply;
}

v1::Secret ToProto(const Secret& secret) {
  v1::Secret reply;
  reply.set_secret_id(secret.id.ToString());
  reply.set_path(secret.path);
  reply.mutable_labels()->insert(secret.labels.begin(), secret.labels.end());
  reply.set_etag(EtagOf(secret));
  reply.set_latest_version(secret.latest_version);
  *reply.mutable_create_time() = ToTimestamp(secret.created_at);
  if (secret.expires_at) *reply.mutable_expire_time() = ToTimestamp(*secret.expires_at);
  if (secret.rotation) {
    *reply.mutable_rotation()->mutable_period() = ToDuration(secret.rotation->period);
    *reply.mutable_rotation()->mutable_next_time() = ToTimestamp(secret.rotation->next);
    reply.mutable_rotation()->set_topic(secret.rotation->topic);
  }
  *reply.mutable_version_destroy_delay() = ToDuration(secret.destroy_delay);
  reply.set_restricted(secret.is_restricted);
  if (secret.deleted_at) *reply.mutable_delete_time() = ToTimestamp(*secret.deleted_at);
  if (secret.purge_at) *reply.mutable_purge_time() = ToTimestamp(*secret.purge_at);
  return reply;
}

v1::SecretVersion ToProto(const SecretVersion& version) {
  v1::SecretVersion reply;
  reply.set_secret_id(version.secret.ToString());
  reply.set_version(version.version);
  reply.set_state(ToProto(StateOf(version)));
  *reply.mutable_create_time() = ToTimestamp(version.created_at);
  const auto destroy_time = version.destroyed_at ? version.destroyed_at : version.destroy_at;
  if (destroy_time) *reply.mutable_destroy_time() = ToTimestamp(*destroy_time);
  reply.set_key_version(version.key_version);
  reply.set_created_by(version.created_by);
  return reply;
}

v1::Key ToProto(const StoredKey& key) {
  v1::Key reply;
  reply.set_key_id(key.id.ToString());
  reply.set_name(key.name.ToString());
  reply.set_purpose(ToProto(key.purpose));
  reply.set_primary_version(key.primary_version);
  *reply.mutable_create_time() = ToTimestamp(key.created_at);
  if (key.rotation_period) *reply.mutable_rotation_period() = ToDuration(*key.rotation_period);
  if (key.next_rotation) *reply.mutable_next_rotation_time() = ToTimestamp(*key.next_rotation);
  reply.set_min_open_version(key.min_open_version);
  *reply.mutable_version_destroy_delay() = ToDuration(key.destroy_delay);
  for (const StoredKeyVersion& version : key.versions) {
    v1::KeyVersion* added = reply.add_versions();
    added->set_version(version.version);
    *added->mutable_create_time() = ToTimestamp(version.created_at);
    added->set_state(ToProto(StateOf(key, version)));
    const auto destroy_time = version.destroyed_at ? version.destroyed_at : version.destroy_at;
    if (destroy_time) *added->mutable_destroy_time() = ToTimestamp(*destroy_time);
    added->set_operations(static_cast<uint64_t>(version.operations));
  }
  return reply;
}

}  // namespace kasbah::vault
