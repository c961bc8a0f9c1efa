#include "services/vault/domain/kek.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/crypto/hash.h"
#include "services/vault/domain/wrapping_context.h"

namespace kasbah::vault {
namespace {

namespace format = crypto::ciphertext_v1;

absl::Status Changed() { return absl::DataLossError("a stored key does not open under the KEK"); }

crypto::SecretBytes LookupKey(const crypto::SecretBytes& share) {
  return crypto::HkdfSha256(share, "", "kasbah/v1/subject-lookup", 32);
}

}  // namespace

std::string SubjectHash(const crypto::SecretBytes& share, std::string_view subject) {
  return crypto::HmacSha256(LookupKey(share), subject);
}

Kek Kek::Of(const StoredKek& stored, const crypto::SecretBytes& share,
            const crypto::SecretBytes& half) {
  Kek kek;
  kek.share_ = stored.share;
  kek.generation_ = stored.generation;
  kek.key_ = crypto::HkdfSha256(share, half.view(crypto::SecretAccess::ForSeal()), "kasbah/v1/kek",
                                format::kKeySize);
  kek.lookup_ = LookupKey(share);
  return kek;
}

absl::StatusOr<std::string> Kek::Wrap(const WrappedKeyRef& ref,
                                      const crypto::SecretBytes& key) const {
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  return format::Seal(format::Use::kKekWrappedKey, key_, {share_, generation_}, context,
                      key.view(crypto::SecretAccess::ForSeal()));
}

absl::StatusOr<crypto::SecretBytes> Kek::Unwrap(const WrappedKeyRef& ref,
                                                std::string_view wrapped) const {
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  absl::StatusOr<crypto::SecretBytes> key =
      format::Open(format::Use::kKekWrappedKey, key_, {share_, generation_}, context, wrapped);
  if (!key.ok() || key->size() != format::kKeySize) return Changed();
  return key;
}

std::string Kek::HashOf(std::string_view subject) const {
  return crypto::HmacSha256(lookup_, subject);
}

absl::StatusOr<std::string> WrapKey(const RootKeys& root, const Kek* kek, const WrappedKeyRef& ref,
                                    const crypto::SecretBytes& key) {
  if (kek == nullptr) return root.Wrap(ref, key);
  ASSIGN_OR_RETURN(const std::string inner, kek->Wrap(ref, key));
  return root.Wrap(ref, crypto::SecretBytes::Copy(inner));
}

absl::StatusOr<crypto::SecretBytes> UnwrapKey(const RootKeys& root, const Kek* kek,
                                              const WrappedKeyRef& ref, std::string_view wrapped) {
  ASSIGN_OR_RETURN(crypto::SecretBytes inner, root.Unwrap(ref, wrapped));
  if (inner.size() == format::kKeySize) return inner;
  if (kek == nullptr) return Changed();
  return kek->Unwrap(ref, inner.view(crypto::SecretAccess::ForSeal()));
}

absl::Status KeyShredded() {
  return Error(absl::StatusCode::kFailedPrecondition, "KEY_SHREDDED",
               "what opened this was destroyed, for good");
}

}  // namespace kasbah::vault
