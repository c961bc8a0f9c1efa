#include "services/vault/kms/kms_share_store.h"

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include <nlohmann/json.hpp>

namespace kasbah::vault {
namespace {

using nlohmann::json;

constexpr int kShortestDelayDays = 7;

std::string AliasOf(const ShareRef& ref) {
  return StrCat("alias/kasbah-share-", crypto::Hex(ref.id.view()));
}

// Once its deletion is scheduled, a key is in no state to do anything.
bool IsDestroyed(const absl::Status& status) {
  return aws::ExceptionOf(status) == "KMSInvalidStateException";
}

absl::StatusOr<std::string> KeyIdOf(json& answer) {
  const auto metadata = answer.find("KeyMetadata");
  if (metadata == answer.end() || !metadata->is_object() || !metadata->contains("KeyId")) {
    return absl::InvalidArgumentError("AWS KMS: an answer without KeyId");
  }
  return metadata->at("KeyId").get<std::string>();
}

}  // namespace

absl::StatusOr<crypto::SecretBytes> KmsShareStore::Make(const ShareRef& ref) {
  ASSIGN_OR_RETURN(
      json made, kms_->Call("CreateKey",
                            {{"KeySpec", "HMAC_256"},
                             {"KeyUsage", "GENERATE_VERIFY_MAC"},
                             {"Description", StrCat("Kasbah: share of ", ref.tenant.ToString())}}));
  ASSIGN_OR_RETURN(const std::string key, KeyIdOf(made));
  RETURN_IF_ERROR(
      kms_->Call("CreateAlias", {{"AliasName", AliasOf(ref)}, {"TargetKeyId", key}}).status());
  return Read(ref);
}

absl::StatusOr<crypto::SecretBytes> KmsShareStore::Read(const ShareRef& ref) {
  absl::StatusOr<json> answer = kms_->Call(
      "GenerateMac", {{"KeyId", AliasOf(ref)},
                      {"MacAlgorithm", "HMAC_SHA_256"},
                      {"Message", crypto::Base64(StrCat("kasbah/v1/share/", ref.id.ToString()))}});
  if (!answer.ok()) {
    if (IsDestroyed(answer.status())) return absl::DataLossError("the share was destroyed");
    return answer.status();
  }
  ASSIGN_OR_RETURN(std::string mac, aws::BytesOf(*answer, "Mac"));
  crypto::SecretBytes share = crypto::SecretBytes::Copy(mac);
  crypto::Wipe(mac);
  if (share.size() != kShareSize) {
    return absl::FailedPreconditionError("AWS KMS: a MAC of another size");
  }
  return share;
}

absl::Status KmsShareStore::Destroy(const ShareRef& ref) {
  absl::StatusOr<json> described = kms_->Call("DescribeKey", {{"KeyId", AliasOf(ref)}});
  if (absl::IsNotFound(described.status())) return absl::OkStatus();
  RETURN_IF_ERROR(described.status());
  ASSIGN_OR_RETURN(const std::string key, KeyIdOf(*described));
  const absl::Status scheduled =
      kms_->Call("ScheduleKeyDeletion",
                 {{"KeyId", key}, {"PendingWindowInDays", kShortestDelayDays}})
          .status();
  return IsDestroyed(scheduled) ? absl::OkStatus() : scheduled;
}

}  // namespace kasbah::vault
