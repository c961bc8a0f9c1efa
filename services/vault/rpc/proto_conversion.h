#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "kasbah/vault/v1/keys.pb.h"
#include "kasbah/vault/v1/secrets.pb.h"
#include "services/vault/domain/key.h"
#include "services/vault/domain/secret.h"

namespace kasbah::vault {

// From the domain's types to the messages that callers see.
google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);
v1::SecretGrant ToProto(const SecretGrant& grant);
v1::Secret ToProto(const Secret& secret);
v1::SecretVersion ToProto(const SecretVersion& version);
v1::Key ToProto(const StoredKey& key);

// And back. What no clock can say comes out as the far future or past, for the domain to refuse.
absl::Time FromProto(const google::protobuf::Timestamp& time);
absl::Duration FromProto(const google::protobuf::Duration& duration);
// The first time is a period from `now` where the message has none.
SecretRotation RotationFromProto(const v1::SecretRotation& rotation, absl::Time now);

// FAILED_PRECONDITION: the request_id came before, with another request.
absl::Status RequestIdReused();

}  // namespace kasbah::vault
