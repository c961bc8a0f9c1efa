#include "services/vault/rpc/tenant_seal_service.h"

#include <optional>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::vault {
namespace {

constexpr char kAwsKms[] = "aws_kms";
constexpr char kPkcs11[] = "pkcs11";

v1::TenantSeal ToProto(const StoredKek& kek) {
  v1::TenantSeal reply;
  if (kek.seal->kind == kAwsKms) {
    reply.mutable_aws_kms()->set_key_arn(kek.seal->key);
  } else {
    reply.mutable_pkcs11()->set_token(kek.seal->token);
    reply.mutable_pkcs11()->set_key(kek.seal->key);
  }
  reply.set_generation(kek.generation);
  return reply;
}

}  // namespace

TenantSealService::TenantSealService(rpc::Pipeline& pipeline, KekChanges& changes, KeyStore& keys,
                                     KekRing& keks)
    : pipeline_(pipeline), changes_(changes), keys_(keys), keks_(keks) {}

absl::StatusOr<v1::TenantSeal> TenantSealService::Set(const rpc::Call& call,
                                                      const v1::SetTenantSealRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  // Within the tenant first: one that is suspended is told so, whatever it asks.
  RETURN_IF_ERROR(keys_.FindKek(call).status());
  TenantSeal seal;
  if (request.has_aws_kms()) {
    seal = {kAwsKms, request.aws_kms().key_arn(), ""};
  } else if (request.has_pkcs11()) {
    seal = {kPkcs11, request.pkcs11().key(), request.pkcs11().token()};
  } else {
    return InvalidField("key", "is required: aws_kms or pkcs11");
  }
  ASSIGN_OR_RETURN(const StoredKek kek, changes_.SetSeal(call, seal));
  v1::TenantSeal reply = ToProto(kek);
  reply.set_opens(true);
  return reply;
}

absl::StatusOr<StoredKek> TenantSealService::Find(const rpc::Call& call) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const std::optional<StoredKek> kek, keys_.FindKek(call));
  if (!kek || !kek->seal) return NotFound("tenant's seal");
  return *kek;
}

absl::StatusOr<v1::TenantSeal> TenantSealService::Check(const rpc::Call& call,
                                                        const v1::CheckTenantSealRequest&) {
  ASSIGN_OR_RETURN(const StoredKek kek, Find(call));
  v1::TenantSeal reply = ToProto(kek);
  const absl::Status opened = keks_.OpenNow(call.tenant, kek).status();
  reply.set_opens(opened.ok());
  reply.set_problem(std::string(opened.message()));
  return reply;
}

absl::StatusOr<v1::RemoveTenantSealResponse> TenantSealService::Remove(
    const rpc::Call& call, const v1::RemoveTenantSealRequest&) {
  RETURN_IF_ERROR(Find(call).status());
  RETURN_IF_ERROR(changes_.SetSeal(call, std::nullopt).status());
  return v1::RemoveTenantSealResponse();
}

}  // namespace kasbah::vault
