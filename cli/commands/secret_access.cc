#include "cli/commands/secret_access.h"

#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/hash.h"

namespace kasbah::cli {

absl::StatusOr<vault::v1::AccessSecretVersionResponse> AccessSecret(
    Client& client, const vault::v1::AccessSecretVersionRequest& request) {
  ASSIGN_OR_RETURN(auto reply,
                   client.Call(&vault::v1::SecretService::Stub::AccessSecretVersion, request));
  if (crypto::Crc32c(reply.payload()) != reply.payload_crc32c()) {
    return absl::DataLossError(StrCat("the value of ", request.secret(),
                                      " was damaged on its way (its checksum differs); try again"));
  }
  return reply;
}

}  // namespace kasbah::cli
