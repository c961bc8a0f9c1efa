#include "services/vault/rpc/proto_conversion.h"

#include "libs/base/error.h"

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

v1::Key::Purpose ToProto(KeyPurpose purpose) {
  switch (purpose) {
    case KeyPurpose::kEncrypt:
      return v1::Key::PURPOSE_ENCRYPT;
    case KeyPurpose::kMac:
      return v1::Key::PURPOSE_MAC;
    case KeyPurpose::kSign:
      return v1::Key::PURPOSE_SIGN;
  }
  Crash("a key purpose without a number", __FILE__, __LINE__);
}

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration message;
  message.set_seconds(absl::ToInt64Seconds(duration));
  message.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(duration - absl::Seconds(message.seconds()))));
  return message;
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Microseconds(time.nanos() / 1000);
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

SecretRotation RotationFromProto(const v1::SecretRotation& rotation, absl::Time now) {
  const absl::Duration period = FromProto(rotation.period());
  return {period, rotation.has_next_time() ? FromProto(rotation.next_time()) : now + period,
          rotation.topic()};
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
  *reply.mutable_create_time() = ToProto(secret.created_at);
  if (secret.expires_at) *reply.mutable_expire_time() = ToProto(*secret.expires_at);
  if (secret.rotation) {
    *reply.mutable_rotation()->mutable_period() = ToProto(secret.rotation->period);
    *reply.mutable_rotation()->mutable_next_time() = ToProto(secret.rotation->next);
    reply.mutable_rotation()->set_topic(secret.rotation->topic);
  }
  *reply.mutable_version_destroy_delay() = ToProto(secret.destroy_delay);
  reply.set_restricted(secret.is_restricted);
  if (secret.deleted_at) *reply.mutable_delete_time() = ToProto(*secret.deleted_at);
  if (secret.purge_at) *reply.mutable_purge_time() = ToProto(*secret.purge_at);
  return reply;
}

v1::SecretVersion ToProto(const SecretVersion& version) {
  v1::SecretVersion reply;
  reply.set_secret_id(version.secret.ToString());
  reply.set_version(version.version);
  reply.set_state(ToProto(StateOf(version)));
  *reply.mutable_create_time() = ToProto(version.created_at);
  const auto destroy_time = version.destroyed_at ? version.destroyed_at : version.destroy_at;
  if (destroy_time) *reply.mutable_destroy_time() = ToProto(*destroy_time);
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
  for (const StoredKeyVersion& version : key.versions) {
    v1::KeyVersion* added = reply.add_versions();
    added->set_version(version.version);
    *added->mutable_create_time() = ToProto(version.created_at);
  }
  return reply;
}

}  // namespace kasbah::vault
