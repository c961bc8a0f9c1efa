#include "services/vault/kms/tenant_seals.h"

#include <vector>

#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/context.h"
#include "services/vault/domain/pkcs11_wrapping.h"
#include "services/vault/kms/kms_wrapping.h"
#include <nlohmann/json.hpp>

namespace kasbah::vault {
namespace {

constexpr char kAwsKms[] = "aws_kms";

// The region in arn:aws:kms:eu-central-1:111122223333:key/…; empty for anything else.
std::string RegionOf(const std::string& arn) {
  const std::vector<std::string> parts = absl::StrSplit(arn, ':');
  const bool is_key =
      parts.size() == 6 && parts[0] == "arn" && parts[2] == "kms" && parts[5].rfind("key/", 0) == 0;
  return is_key ? parts[3] : "";
}

nlohmann::json ContextOf(TenantId tenant) { return {{"kasbah:tenant", tenant.ToString()}}; }

absl::StatusOr<std::string> TokenContextOf(TenantId tenant) {
  return crypto::EncodeContext({{"kasbah.tenant-seal", tenant.uuid().view()}});
}

}  // namespace

absl::Status TenantSeals::Check(const TenantSeal& seal) const {
  if (seal.kind == kAwsKms) {
    if (!options_.aws_kms.enabled) {
      return InvalidField("aws_kms", "this installation asks no tenant's keys of AWS KMS");
    }
    const std::string region = RegionOf(seal.key);
    const bool is_region =
        !region.empty() && region.size() <= 32 &&
        region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (!is_region) return InvalidField("aws_kms.key_arn", "must be the ARN of a key");
    return absl::OkStatus();
  }
  if (options_.pkcs11.module.empty()) {
    return InvalidField("pkcs11", "this installation asks no tenant's PKCS#11 tokens");
  }
  return absl::OkStatus();
}

absl::StatusOr<aws::Kms*> TenantSeals::KmsOf(const std::string& arn) {
  const std::string region = RegionOf(arn);
  const absl::MutexLock lock(&mutex_);
  std::unique_ptr<aws::Kms>& kms = kms_[region];
  if (kms == nullptr) {
    ASSIGN_OR_RETURN(kms, aws::Kms::Create({.region = region,
                                            .endpoint = options_.aws_kms.endpoint,
                                            .credentials_file = options_.aws_kms.credentials_file},
                                           clock_));
  }
  return kms.get();
}

Pkcs11Options TenantSeals::TokenOf(TenantId tenant, const TenantSeal& seal) const {
  return {.module = options_.pkcs11.module,
          .token = seal.token,
          .pin_file = StrCat(options_.pkcs11.pin_directory, "/", tenant.ToString(), ".pin"),
          .key = seal.key};
}

absl::StatusOr<std::string> TenantSeals::Wrap(TenantId tenant, const TenantSeal& seal,
                                              const crypto::SecretBytes& half) {
  RETURN_IF_ERROR(Check(seal));
  if (seal.kind == kAwsKms) {
    ASSIGN_OR_RETURN(aws::Kms * kms, KmsOf(seal.key));
    return WrapByKms(*kms, seal.key, ContextOf(tenant), half);
  }
  ASSIGN_OR_RETURN(const std::string context, TokenContextOf(tenant));
  return WrapByToken(TokenOf(tenant, seal), context, half);
}

absl::StatusOr<crypto::SecretBytes> TenantSeals::Unwrap(TenantId tenant, const TenantSeal& seal,
                                                        std::string_view wrapped) {
  const absl::Status usable = Check(seal);
  // Set up no more: the operator's doing, and no field of anybody's request.
  if (!usable.ok()) return absl::FailedPreconditionError("the seal's kind is not set up any more");
  if (seal.kind == kAwsKms) {
    ASSIGN_OR_RETURN(aws::Kms * kms, KmsOf(seal.key));
    return UnwrapByKms(*kms, seal.key, ContextOf(tenant), wrapped);
  }
  ASSIGN_OR_RETURN(const std::string context, TokenContextOf(tenant));
  return UnwrapByToken(TokenOf(tenant, seal), context, wrapped);
}

}  // namespace kasbah::vault
