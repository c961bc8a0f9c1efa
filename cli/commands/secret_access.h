#pragma once

#include "absl/status/statusor.h"
#include "cli/client/client.h"
#include "kasbah/vault/v1/secrets.pb.h"

namespace kasbah::cli {

// A version's value, as it left the vault. DATA_LOSS when its checksum says otherwise.
absl::StatusOr<vault::v1::AccessSecretVersionResponse> AccessSecret(
    Client& client, const vault::v1::AccessSecretVersionRequest& request);

}  // namespace kasbah::cli
