#include "services/vault/rpc/proto_conversion.h"

#include "libs/base/error.h"

namespace kasbah::vault {
namespace {

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

v1::Secret ToProto(const Secret& secret) {
  v1::Secret reply;
  reply.set_secret_id(secret.id.ToString());
  reply.set_path(secret.path);
  reply.mutable_labels()->insert(secret.labels.begin(), secret.labels.end());
  reply.set_etag(EtagOf(secret));
  reply.set_latest_version(secret.latest_version);
  *reply.mutable_create_time() = ToProto(secret.created_at);
  return reply;
}

v1::SecretVersion ToProto(const SecretVersion& version) {
  v1::SecretVersion reply;
  reply.set_secret_id(version.secret.ToString());
  reply.set_version(version.version);
  reply.set_state(version.destroyed_at.has_value() ? v1::SecretVersion::STATE_DESTROYED
                                                   : v1::SecretVersion::STATE_ENABLED);
  *reply.mutable_create_time() = ToProto(version.created_at);
  if (version.destroyed_at.has_value()) {
    *reply.mutable_destroy_time() = ToProto(*version.destroyed_at);
  }
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
