#include "services/vault/kms/aws_kms_seal.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/crypto/encoding.h"
#include "services/vault/kms/kms_wrapping.h"
#include <nlohmann/json.hpp>

namespace kasbah::vault {
namespace {

nlohmann::json ContextOfRoot(const RootKeyRef& ref) {
  return {{"kasbah:root-key", crypto::Hex(ref.key_id.view())},
          {"kasbah:version", std::to_string(ref.version)}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<AwsKmsSeal>> AwsKmsSeal::Create(AwsKmsOptions options,
                                                               const Clock& clock) {
  ASSIGN_OR_RETURN(std::unique_ptr<aws::Kms> kms, aws::Kms::Create(options.kms, clock));
  return std::unique_ptr<AwsKmsSeal>(new AwsKmsSeal(std::move(options.key_id), std::move(kms)));
}

absl::StatusOr<std::string> AwsKmsSeal::Wrap(const RootKeyRef& ref,
                                             const crypto::SecretBytes& root) {
  return WrapByKms(*kms_, key_id_, ContextOfRoot(ref), root);
}

absl::StatusOr<crypto::SecretBytes> AwsKmsSeal::Unwrap(const RootKeyRef& ref,
                                                       std::string_view wrapped) {
  return UnwrapByKms(*kms_, key_id_, ContextOfRoot(ref), wrapped);
}

}  // namespace kasbah::vault
