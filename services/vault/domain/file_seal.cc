#include "services/vault/domain/file_seal.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/secret_file.h"
#include "services/vault/domain/wrapping_context.h"

namespace kasbah::vault {
namespace {

namespace format = crypto::ciphertext_v1;

constexpr size_t kSealKeySize = 32;

absl::Status Problem(const std::string& path, const std::string& what) {
  return absl::FailedPreconditionError("seal file " + path + ": " + what);
}

// Names the seal key in what it wraps without telling anything about it, so that a root key that
// meets the wrong file is recognised.
format::KeyRef SealKeyRef(const crypto::SecretBytes& key) {
  const crypto::SecretBytes id = crypto::HkdfSha256(key, "", "kasbah/v1/seal-id", 16);
  return {*Uuid::FromBytes(id.view(crypto::SecretAccess::ForSeal())), 1};
}

}  // namespace

absl::Status FileSeal::Init(const std::string& path) {
  return crypto::MakeSecretFile(path, crypto::SecretBytes::Random(kSealKeySize));
}

absl::StatusOr<crypto::SecretBytes> FileSeal::ReadKey() const {
  ASSIGN_OR_RETURN(crypto::SecretBytes key, crypto::ReadSecretFile(path_));
  if (key.size() != kSealKeySize) return Problem(path_, "must hold exactly 32 bytes");
  return key;
}

absl::StatusOr<std::string> FileSeal::Wrap(const RootKeyRef& ref, const crypto::SecretBytes& root) {
  ASSIGN_OR_RETURN(const crypto::SecretBytes key, ReadKey());
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  return format::Seal(format::Use::kWrappedKey, key, SealKeyRef(key), context,
                      root.view(crypto::SecretAccess::ForSeal()));
}

absl::StatusOr<crypto::SecretBytes> FileSeal::Unwrap(const RootKeyRef& ref,
                                                     std::string_view wrapped) {
  ASSIGN_OR_RETURN(const crypto::SecretBytes key, ReadKey());
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  const format::KeyRef ours = SealKeyRef(key);
  const absl::StatusOr<format::KeyRef> named = format::ParseKeyRef(wrapped);
  if (!named.ok() || *named != ours) {
    return Problem(path_, "is not the seal that the root key was wrapped with");
  }
  absl::StatusOr<crypto::SecretBytes> root =
      format::Open(format::Use::kWrappedKey, key, ours, context, wrapped);
  if (!root.ok()) return Problem(path_, "does not open the root key, which was changed");
  return root;
}

}  // namespace kasbah::vault
