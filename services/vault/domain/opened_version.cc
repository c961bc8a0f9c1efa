#include "services/vault/domain/opened_version.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/crypto/hash.h"

namespace kasbah::vault {

std::shared_ptr<const OpenedVersion> OpenedVersion::Of(KeyPurpose purpose, uint32_t number,
                                                       crypto::SecretBytes stored) {
  auto version = std::make_shared<OpenedVersion>();
  version->number_ = number;
  const auto derive = [&stored](std::string_view label, size_t size = 32) {
    return crypto::HkdfSha256(stored, "", label, size);
  };
  switch (purpose) {
    case KeyPurpose::kEncrypt:
      version->key_ = std::move(stored);
      break;
    case KeyPurpose::kMac:
      version->key_ = derive("kasbah/v1/mac");
      break;
    case KeyPurpose::kBlindIndex:
      version->key_ = derive("kasbah/v1/blind-index");
      break;
    case KeyPurpose::kSign: {
      auto signer = crypto::Ed25519Key::FromSeed(derive("kasbah/v1/sign"));
      KASBAH_CHECK(signer.ok());
      auto verifier = crypto::Ed25519PublicKey::FromRaw(signer->public_key());
      KASBAH_CHECK(verifier.ok());
      version->ed25519_.emplace(Ed25519Pair{*std::move(signer), *std::move(verifier)});
      break;
    }
    case KeyPurpose::kSignP256: {
      auto signer =
          crypto::P256Key::FromSeed(derive("kasbah/v1/sign-p256", crypto::P256Key::kSeedSize));
      KASBAH_CHECK(signer.ok());
      auto verifier = crypto::P256PublicKey::FromPoint(signer->public_key());
      KASBAH_CHECK(verifier.ok());
      version->p256_.emplace(P256Pair{*std::move(signer), *std::move(verifier)});
      break;
    }
  }
  return version;
}

std::string OpenedVersion::Sign(std::string_view data) const {
  return ed25519_ ? ed25519_->signer.Sign(data) : p256_->signer.Sign(data);
}

bool OpenedVersion::Verify(std::string_view data, std::string_view signature) const {
  return ed25519_ ? ed25519_->verifier.Verify(data, signature)
                  : p256_->verifier.Verify(data, signature);
}

const std::string& OpenedVersion::public_key() const {
  return ed25519_ ? ed25519_->signer.public_key() : p256_->signer.public_key();
}

}  // namespace kasbah::vault
