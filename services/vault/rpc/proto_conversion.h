#pragma once

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "kasbah/vault/v1/vault.pb.h"
#include "services/vault/domain/key.h"
#include "services/vault/domain/secret.h"

namespace kasbah::vault {

// From the domain's types to the messages that callers see.
google::protobuf::Timestamp ToProto(absl::Time time);
v1::Secret ToProto(const Secret& secret);
v1::SecretVersion ToProto(const SecretVersion& version);
v1::Key ToProto(const StoredKey& key);

}  // namespace kasbah::vault
