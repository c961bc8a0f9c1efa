#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kasbah/vault/v1/keys.pb.h"
#include "kasbah/vault/v1/secrets.pb.h"
#include "services/vault/domain/key.h"
#include "services/vault/domain/secret.h"

namespace kasbah::vault {

// From the domain's types to the messages that callers see.
v1::SecretGrant ToProto(const SecretGrant& grant);
v1::Secret ToProto(const Secret& secret);
v1::SecretVersion ToProto(const SecretVersion& version);
v1::Key ToProto(const StoredKey& key);

// And back. The first time is a period from `now` where the message has none. INVALID_FIELDS.
absl::StatusOr<SecretRotation> RotationFromProto(const v1::SecretRotation& rotation,
                                                 absl::Time now);

absl::StatusOr<KeyPurpose> PurposeFromProto(v1::Key::Purpose purpose);

// FAILED_PRECONDITION: the request_id came before, with another request.
absl::Status RequestIdReused();

}  // namespace kasbah::vault
