#include "cli/demo/identities.h"
#include "cli/tour/steps.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::cli {
namespace {

using vault::v1::SecretService;

absl::StatusOr<vault::v1::SecretVersion> Add(World& world, const std::string& payload) {
  vault::v1::AddSecretVersionRequest request;
  request.set_secret(world.secret_path);
  request.set_payload(payload);
  request.set_payload_crc32c(crypto::Crc32c(payload));
  return world.a.client->Call(&SecretService::Stub::AddSecretVersion, request);
}

// A program of the tenant that nobody registered has the same key, and no value.
absl::Status ExpectNoValueForAStranger(World& world) {
  ASSIGN_OR_RETURN(const auto stranger,
                   TenantClient(world.installation(), world.a.identity.tenant_id, "stranger",
                                world.a.identity.api_key));
  vault::v1::AccessSecretVersionRequest request;
  request.set_secret(world.secret_path);
  return ExpectRefused(stranger->Call(&SecretService::Stub::AccessSecretVersion, request).status(),
                       "WORKLOAD_NOT_REGISTERED", "a program that is not registered");
}

// Reads a version and compares it.
absl::Status ExpectPayload(World& world, uint32_t version, const std::string& payload,
                           std::string_view when) {
  vault::v1::AccessSecretVersionRequest request;
  request.set_secret(world.secret_path);
  request.set_version(version);
  ASSIGN_OR_RETURN(const auto reply,
                   world.a.client->Call(&SecretService::Stub::AccessSecretVersion, request));
  return Expect(reply.payload() == payload && reply.payload_crc32c() == crypto::Crc32c(payload),
                StrCat("version ", version, " to read as it was stored ", when));
}

}  // namespace

absl::StatusOr<std::string> RotateSecrets(World& world) {
  world.secret_path = "prod/database-password";
  vault::v1::CreateSecretRequest create;
  create.set_path(world.secret_path);
  (*create.mutable_labels())["team"] = "platform";
  ASSIGN_OR_RETURN(const auto secret,
                   world.a.client->Call(&SecretService::Stub::CreateSecret, create));
  world.secret_id = secret.secret_id();

  const std::string first = "canary-" + crypto::Hex(crypto::RandomBytes(16));
  const std::string second = "canary-" + crypto::Hex(crypto::RandomBytes(16));
  const std::string third = "canary-" + crypto::Hex(crypto::RandomBytes(16));
  ASSIGN_OR_RETURN(const auto v1, Add(world, first));
  ASSIGN_OR_RETURN(const auto v2, Add(world, second));
  RETURN_IF_ERROR(Expect(v1.version() == 1 && v2.version() == 2, "versions 1 and 2"));
  RETURN_IF_ERROR(ExpectPayload(world, 1, first, "before the rotation"));
  RETURN_IF_ERROR(ExpectPayload(world, 0, second, "as the latest"));
  RETURN_IF_ERROR(ExpectNoValueForAStranger(world));

  ASSIGN_OR_RETURN(const auto acting, world.OperatorFor(world.a));
  vault::v1::RotateKeyRequest rotate;
  rotate.set_key("secrets");
  ASSIGN_OR_RETURN(const auto key, acting->Call(&vault::v1::KeyService::Stub::RotateKey, rotate));
  RETURN_IF_ERROR(Expect(key.primary_version() == v2.key_version() + 1,
                         "the rotated key to be one version further"));
  RETURN_IF_ERROR(ExpectPayload(world, 1, first, "after the rotation"));
  RETURN_IF_ERROR(ExpectPayload(world, 2, second, "after the rotation"));
  ASSIGN_OR_RETURN(const auto v3, Add(world, third));
  RETURN_IF_ERROR(Expect(v3.key_version() == key.primary_version(),
                         "a version added after the rotation to carry the new key version"));
  RETURN_IF_ERROR(ExpectPayload(world, 3, third, "under the new key"));
  return StrCat(
      "secret v1 and v2 read back by the registered program alone; key rotated to version ",
      key.primary_version(), "; v1 and v2 still open, v3 carries key version ", v3.key_version());
}

}  // namespace kasbah::cli
