#include "services/vault/kms/s3_share_store.h"

#include <optional>
#include <string>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"

namespace kasbah::vault {
namespace {

std::string KeyOf(const ShareRef& ref) {
  return StrCat(ref.tenant.ToString(), "/", crypto::Hex(ref.id.view()));
}

std::string MarkOf(const ShareRef& ref) { return StrCat(KeyOf(ref), ".destroyed"); }

}  // namespace

absl::StatusOr<crypto::SecretBytes> S3ShareStore::Make(const ShareRef& ref) {
  crypto::SecretBytes share = crypto::SecretBytes::Random(kShareSize);
  RETURN_IF_ERROR(
      bucket_->Put(KeyOf(ref), std::string(share.view(crypto::SecretAccess::ForSeal()))));
  return share;
}

absl::StatusOr<crypto::SecretBytes> S3ShareStore::Read(const ShareRef& ref) {
  ASSIGN_OR_RETURN(std::optional<std::string> bytes, bucket_->Get(KeyOf(ref)));
  // The mark counts for more: an erasure that was cut off leaves both.
  ASSIGN_OR_RETURN(const std::optional<std::string> mark, bucket_->Get(MarkOf(ref)));
  if (mark) return absl::DataLossError("the share was destroyed");
  if (!bytes) return absl::NotFoundError(ToAbsl(StrCat("S3: no object ", KeyOf(ref))));
  if (bytes->size() != kShareSize) {
    return absl::FailedPreconditionError(
        ToAbsl(StrCat("S3: ", KeyOf(ref), " must hold exactly 32 bytes")));
  }
  crypto::SecretBytes share = crypto::SecretBytes::Copy(*bytes);
  crypto::Wipe(*bytes);
  return share;
}

absl::Status S3ShareStore::Destroy(const ShareRef& ref) {
  RETURN_IF_ERROR(bucket_->Put(MarkOf(ref), ""));
  return bucket_->Erase(KeyOf(ref));
}

}  // namespace kasbah::vault
